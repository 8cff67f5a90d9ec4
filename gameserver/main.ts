// The process of a zone host: its environment, its signals, and the wiring of its parts.
//
// It speaks to its fleet through its platform alone (platform.ts). A start is a list of steps (steps.ts): load
// the content, connect the platform, start the worker, write lease and cards, listen, be Ready. It takes
// players once it is Allocated. SIGTERM at any time undoes the steps in reverse: placement sends no player
// here any more, every character leaves, the lease is ended, the process exits.
import { randomInt } from 'node:crypto'
import { flushCompileCache } from 'node:module'
import { game } from '#game'
import type { Zone } from '#shared/content/content.ts'
import { ContentError, loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { ConfigError, readConfig } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import { hostDrainMs } from '#shared/limits.ts'
import { PROTOCOL_OLDEST, PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { socketsAt } from '#shared/push/sockets.ts'
import { newId } from '#shared/runtime.ts'
import { storeOptions } from '#shared/store/options.ts'
import { systemAt } from '#shared/system.ts'
import type { System } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { AgonesError } from './agones.ts'
import { takeNewContent, takeNewGame } from './development.ts'
import { GameLiftError } from './gamelift.ts'
import { createHost } from './host.ts'
import type { Host } from './host.ts'
import { openOnceAllocated } from './opening.ts'
import { connectPlatform } from './platform.ts'
import type { Platform } from './platform.ts'
import { createPublicKeys } from './persistence/public-keys.ts'
import type { PublicKeys } from './persistence/public-keys.ts'
import { startPersistenceThread } from './persistence/thread.ts'
import type { PersistenceThread } from './persistence/thread.ts'
import { keepCheckingMyself } from './self-check.ts'
import { createSteps, Stopped } from './steps.ts'
import type { Steps } from './steps.ts'
import { zoneAddress } from './zone-address.ts'

/** How often the host writes down how it does: ticks, players, traffic. */
const statsEveryMs = 10_000

/** The parts that the steps of a start make, for later steps and for their undo. */
type Parts = {
  readonly config: Config
  /** The platform may give another one. */
  bootId: string
  log: Log
  readonly system: System
  readonly steps: Steps
  stop(reason: string, exitCode: number): void
  platform?: Platform
  persistence?: PersistenceThread
  host?: Host
  /** Called whenever the game server object may have changed. */
  onGameServer: () => void
}

async function run(): Promise<void> {
  const config = readConfig(process.env)
  const system = systemAt(config.WAYSTONE_SPEED)
  const { runtime } = system
  const bootId = newId(runtime)
  const log = createLog({
    level: config.WAYSTONE_LOG,
    write: (line) => process.stdout.write(line),
    now: runtime.now,
    fields: { service: 'zone-host', boot: bootId },
  })
  const steps = createSteps({ log, runtime })
  const parts: Parts = {
    config,
    bootId,
    log,
    system,
    steps,
    onGameServer: () => undefined,
    stop: (reason, exitCode) => stop(parts, reason, exitCode),
  }
  process.on('SIGTERM', () => parts.stop('SIGTERM', 0))
  // On a terminal Ctrl-C reaches the whole process group. The process that started us decides.
  process.on('SIGINT', () => undefined)
  try {
    await start(parts)
  } catch (error) {
    await steps.undo()
    if (!(error instanceof Stopped)) throw error
  }
}

/** Undoes the start: every character leaves, the lease is ended, and the process ends. */
function stop({ log, steps, host }: Parts, reason: string, exitCode: number): void {
  if (steps.stopping.aborted) return
  log.info('stopping', { reason, players: host?.stats().instances.map((one) => one.players) })
  process.exitCode = exitCode
  const cut = setTimeout(() => {
    log.error('drain took too long', { hostDrainMs })
    process.exit(1)
  }, hostDrainMs)
  void steps.undo().then(() => {
    clearTimeout(cut)
    log.info('stopped', { reason })
  })
}

async function start(parts: Parts): Promise<void> {
  const { config, system, steps } = parts
  const { runtime, clocks } = system
  const { loaded, instances } = await steps.run('content', () => loadZones(config))
  const platform = await steps.run(
    'platform',
    async () =>
      (parts.platform = await connectPlatform(config, process.env, {
        log: parts.log,
        runtime,
        signal: steps.stopping,
        onGameServer: () => parts.onGameServer(),
        onTerminate: () => parts.stop('the platform ends the process', 0),
      })),
    () => parts.platform?.close(),
  )
  parts.bootId = platform.bootId ?? parts.bootId
  parts.log = parts.log.child({ boot: parts.bootId })
  const { bootId, log } = parts
  const port = platform.gameServer().ports[0]?.port ?? config.WAYSTONE_ZONE_PORT
  const keys = createPublicKeys(clocks.now, async () => await parts.persistence?.readKeys())
  const signer = await createHostSigner()
  const persistence = await steps.run(
    'worker',
    () => startWorker(parts, { loaded, instances, keys, publicKey: signer.publicKey, port }),
    () => parts.persistence?.close(),
  )
  await steps.run(
    'lease',
    () => persistence.open(),
    // Every character has left, so no `enter` has to wait until this lease lapses.
    () => persistence.release(),
  )
  await steps.run(
    'host',
    () => startHost(parts, { persistence, platform, loaded, instances, keys, port }),
    async () => {
      await parts.host?.drain()
      await parts.host?.stop()
    },
  )
  await steps.run(
    'ready',
    async () => {
      const open = openOnceAllocated({
        bootId,
        log,
        runtime,
        platform,
        persistence,
        host: parts.host!,
        stopping: steps.stopping,
        idleMs: config.WAYSTONE_IDLE_SECONDS * 1000,
        stop: (reason) => parts.stop(reason, 0),
      })
      const takeGame =
        config.WAYSTONE_DEV === '0' ? () => {} : takeChanges(parts, { loaded, persistence })
      parts.onGameServer = () => {
        open()
        takeGame(platform.gameServer())
      }
      await platform.ready(bootId)
    },
    () => persistence.setState('draining'),
  )
  parts.onGameServer()
  const bootMs = Math.round(performance.now())
  log.info('ready', { port, instances: instances.map((one) => one.id), bootMs })
  // Written now: a host that is killed writes nothing at its end.
  flushCompileCache()
  const url = config.WAYSTONE_PUBLIC_URL
  if (url === undefined) return
  void keepCheckingMyself({
    url,
    identity: signer,
    bootId,
    realmId: config.WAYSTONE_REALM,
    fetch,
    runtime,
    log,
    signal: steps.stopping,
  })
}

/** Of a private zone: the room for its instances. */
type Instances = { id: string; zone: Zone }[]

/** The content, and the zones of it that this process opens. */
async function loadZones(config: Config): Promise<{ loaded: LoadedContent; instances: Instances }> {
  const zoneIds = config.WAYSTONE_ZONES
  if (zoneIds === undefined) throw new ConfigError(['WAYSTONE_ZONES must name at least one zone.'])
  const loaded = await loadContent(game.content, game.contentKinds ?? [])
  const instances = zoneIds.map((zoneId, index) => {
    const zone = loaded.content.zones.get(zoneId)
    if (zone === undefined) {
      throw new ConfigError([`WAYSTONE_ZONES names ${zoneId}, which is not in the content.`])
    }
    return { id: `${zoneId}-${index + 1}`, zone }
  })
  return { loaded, instances }
}

function startWorker(
  parts: Parts,
  more: {
    loaded: LoadedContent
    instances: Instances
    keys: PublicKeys
    publicKey: string
    port: number
  },
): PersistenceThread {
  const { config, bootId, log, system, platform } = parts
  const { content } = more.loaded
  const persistence = startPersistenceThread(
    {
      store: storeOptions(config, process.env),
      cache: hints(config),
      sockets: socketsAt(config),
      boards: [...content.leaderboards.values()],
      logLevel: config.WAYSTONE_LOG,
      speed: config.WAYSTONE_SPEED,
      host: {
        bootId,
        realmId: config.WAYSTONE_REALM,
        address: zoneAddress({
          template: config.WAYSTONE_ZONE_URL,
          fleetAddress: platform!.gameServer().address,
          host: config.HOST,
          port: more.port,
        }),
        protocol: PROTOCOL_VERSION,
        oldest: PROTOCOL_OLDEST,
        ...(config.WAYSTONE_REGION && { region: config.WAYSTONE_REGION }),
        ...(config.WAYSTONE_LANGUAGE && { language: config.WAYSTONE_LANGUAGE }),
        contentVersion: content.version,
        publicKey: more.publicKey,
        instances: more.instances.map(({ id, zone }) => ({
          instance: id,
          zone: zone.id,
          ...(zone.private === undefined
            ? { capacity: zone.capacity, ...zone.fill, min: zone.instances?.min ?? 0 }
            : { capacity: zone.private.perHost, kind: 'slots' as const }),
        })),
      },
    },
    more.keys.update,
    system.clocks,
  )
  void persistence.died.then((error) => {
    log.error('the persistence worker died', { error: error.message })
    process.exit(1)
  })
  return (parts.persistence = persistence)
}

async function startHost(
  parts: Parts,
  more: {
    persistence: PersistenceThread
    platform: Platform
    loaded: LoadedContent
    instances: Instances
    keys: PublicKeys
    port: number
  },
): Promise<void> {
  const { config, bootId, log, system } = parts
  const { loaded, platform } = more
  const host = createHost({
    bootId,
    instances: more.instances.filter(({ zone }) => zone.private === undefined),
    slots: more.instances.filter(({ zone }) => zone.private !== undefined).map(({ id }) => id),
    content: loaded.content,
    rules: game.zone,
    persistence: more.persistence,
    verifyKeys: more.keys.verify,
    runtime: system.runtime,
    monotonic: system.clocks.monotonic,
    setTimer: system.setTimer,
    listen: {
      host: config.HOST,
      port: platform.listenPort ?? more.port,
      origins: pageOrigins(config),
    },
    log,
    seed: config.WAYSTONE_SEED ?? randomInt(2 ** 31),
    onHealth: () => platform.health(),
    // The players of the other instances are saved and let go; the fleet starts another host.
    onBroken: (instance) => parts.stop(`${instance} is broken`, 1),
    onEmpty: () => parts.stop('its instances are closed', 0),
    // Nobody is in it any more. Its copies go from the listing, for no one else may know that it ends.
    onLost: () => parts.stop('the lease is lost', 1),
  })
  parts.host = host
  await host.start()
  const logStats = async () => {
    const store = await more.persistence.stats().catch(() => undefined)
    log.info('stats', { ...host.stats(), store })
  }
  setInterval(() => void logStats(), statsEveryMs).unref()
}

/** In development: content and code that change are taken over. See takeNewGame. */
function takeChanges(
  { host, log, stop }: Parts,
  more: { loaded: LoadedContent; persistence: PersistenceThread },
): ReturnType<typeof takeNewGame> {
  const { loaded, persistence } = more
  const kinds = game.contentKinds ?? []
  const content = takeNewContent({
    host: host!,
    persistence,
    dir: game.content,
    kinds,
    loaded,
    log,
  })
  return takeNewGame(host!, content, persistence, log, (why) => stop(why, 0))
}

/** The API's own pages, and those that may call it. */
function pageOrigins({ WAYSTONE_PUBLIC_URL: url, WAYSTONE_CORS: cors }: Config): string[] {
  return [...(url === undefined ? [] : [new URL(url).origin]), ...(cors ?? [])]
}

/** Where hints come from that the inbox has something new. Without the cache a host looks a little later. */
function hints(config: Config): { url: string; token: string } | undefined {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config
  return url === undefined || token === undefined ? undefined : { url, token }
}

run().catch((error: unknown) => {
  const expected =
    error instanceof ConfigError ||
    error instanceof ContentError ||
    error instanceof AgonesError ||
    error instanceof GameLiftError
  process.stderr.write(
    `${expected ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exit(1)
})
