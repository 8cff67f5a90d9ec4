// The process of a zone host: environment, signals, and what is wired to what.
//
// It speaks to its fleet through the Agones SDK alone. Order of a start: connect the sidecar, write
// lease and instance rows, listen, Ready. It takes players once it is Allocated. SIGTERM drains:
// everybody is saved and let go, then the lease is ended and the process exits.
import { randomInt } from 'node:crypto'
import { flushCompileCache } from 'node:module'
import { game } from '#game'
import { createBackoff } from '#shared/backoff.ts'
import { ContentError, loadContent } from '#shared/content-files/load.ts'
import { watchContent } from '#shared/content-files/watch.ts'
import { ConfigError, readConfig } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { createHostSigner } from '#shared/keys/host.ts'
import { hostDrainMs } from '#shared/limits.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { newId } from '#shared/runtime.ts'
import { storeOptions } from '#shared/store/options.ts'
import { systemRuntime } from '#shared/system.ts'
import { createLog } from '#shared/telemetry/log.ts'
import { AgonesError, connectAgones } from './agones.ts'
import type { GameServer } from './agones/game-server.ts'
import { createHost } from './host.ts'
import type { Host } from './host.ts'
import { createIdleWatch } from './idle.ts'
import { processClocks } from './persistence/messages.ts'
import { createPublicKeys } from './persistence/public-keys.ts'
import { startPersistenceThread } from './persistence/thread.ts'
import { checkMyself } from './self-check.ts'
import { zoneAddress } from './zone-address.ts'

/** How often it is looked whether anybody is there. */
const idleLookMs = 1000
/** How long the fleet's SIGTERM is waited for after the host has given itself back. */
const takenBackMs = 30_000
/** How often the host writes down how it does: ticks, players, traffic. */
const statsEveryMs = 10_000

async function run(): Promise<void> {
  const config = readConfig(process.env)
  const bootId = newId(systemRuntime)
  const log = createLog({
    level: config.WAYSTONE_LOG,
    write: (line) => process.stdout.write(line),
    now: () => Date.now(),
    fields: { service: 'zone-host', boot: bootId },
  })
  const zoneIds = config.WAYSTONE_ZONES
  if (zoneIds === undefined) throw new ConfigError(['WAYSTONE_ZONES must name at least one zone.'])
  const loaded = await loadContent(game.content)
  const { content } = loaded
  const instances = zoneIds.map((zoneId, index) => {
    const zone = content.zones.get(zoneId)
    if (zone === undefined) {
      throw new ConfigError([`WAYSTONE_ZONES names ${zoneId}, which is not in the content.`])
    }
    return { id: `${zoneId}-${index + 1}`, zone }
  })

  let gameServer: GameServer | undefined
  let onGameServer = (): void => undefined
  const agones = await connectAgones({
    log,
    runtime: systemRuntime,
    onGameServer: (next) => {
      gameServer = next
      onGameServer()
    },
  })
  gameServer = agones.gameServer()

  const port = gameServer.ports[0]?.port ?? config.WAYSTONE_ZONE_PORT
  const address = zoneAddress({
    template: config.WAYSTONE_ZONE_URL,
    fleetAddress: gameServer.address,
    host: config.HOST,
    port,
  })
  const keys = createPublicKeys(processClocks.now)
  const identity = await createHostSigner()
  const persistence = startPersistenceThread(
    {
      store: storeOptions(config, process.env),
      cache: hints(config),
      logLevel: config.WAYSTONE_LOG,
      host: {
        bootId,
        realmId: config.WAYSTONE_REALM,
        address,
        protocol: PROTOCOL_VERSION,
        contentVersion: content.version,
        publicKey: identity.publicKey,
        zones: [...content.zones.keys()],
        instances: instances.map(({ id, zone }) => ({
          instance: id,
          zone: zone.id,
          capacity: zone.capacity,
        })),
      },
    },
    (rows) => void keys.update(rows),
  )

  let host: Host | undefined
  const stopping = new AbortController()
  async function stop(reason: string, exitCode: number): Promise<void> {
    if (stopping.signal.aborted) return
    stopping.abort()
    log.info('stopping', { reason, players: host?.stats().instances.map((one) => one.players) })
    const cut = setTimeout(() => {
      log.error('drain took too long', { hostDrainMs })
      process.exit(1)
    }, hostDrainMs)
    await persistence.setState('draining').catch(() => undefined)
    await host?.drain()
    await host?.stop()
    // Everybody has been let go: nobody needs to wait for this lease to run out.
    await persistence.release().catch(() => undefined)
    await persistence.close()
    agones.close()
    clearTimeout(cut)
    log.info('stopped', { reason })
    process.exitCode = exitCode
  }
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  // On a terminal Ctrl-C reaches the whole group; who started us decides when we stop.
  process.on('SIGINT', () => undefined)
  void persistence.died.then((error) => {
    log.error('the persistence worker died', { error: error.message })
    process.exit(1)
  })

  await persistence.open()
  host = createHost({
    bootId,
    instances,
    content,
    rules: game.zone,
    persistence,
    verifyKeys: keys.verify,
    runtime: systemRuntime,
    monotonic: processClocks.monotonic,
    setTimer: (then, ms) => {
      const timer = setTimeout(then, ms)
      return () => clearTimeout(timer)
    },
    listen: { host: config.HOST, port, origins: pageOrigins(config) },
    log,
    seed: randomInt(2 ** 31),
    onHealth: () => agones.health(),
    // Who plays in the other instances is saved and let go; the fleet starts another host.
    onBroken: (instance) => void stop(`${instance} is broken`, 1),
    onLost: () => {
      log.error('the lease was lost: another has been told that this process is dead')
      process.exit(1)
    },
  })
  await host.start()
  if (config.WAYSTONE_DEV) {
    watchContent({
      dir: game.content,
      loaded,
      runtime: systemRuntime,
      taken: (next) => {
        host?.takeContent(next.content)
        log.info('content taken over', { version: next.content.version })
      },
      refused: (problems) => log.info('content not taken over', { problems }),
    })
  }
  const logStats = async () => {
    const store = await persistence.stats().catch(() => undefined)
    log.info('stats', { ...host?.stats(), store })
  }
  setInterval(() => void logStats(), statsEveryMs).unref()

  let open = false
  onGameServer = () => {
    if (open || stopping.signal.aborted || gameServer?.state !== 'Allocated') return
    open = true
    void openUntilDone()
  }
  async function openUntilDone(): Promise<void> {
    const backoff = createBackoff(systemRuntime, { baseMs: 250, maxMs: 10_000 })
    while (!stopping.signal.aborted) {
      const opened = await persistence.setState('open').catch(() => 'unavailable')
      if (opened === 'done') {
        log.info('open', { port })
        watchIdle()
        return
      }
      await systemRuntime.sleep(backoff.next(), stopping.signal).catch(() => undefined)
    }
  }
  function watchIdle(): void {
    const isIdle = createIdleWatch(config.WAYSTONE_IDLE_SECONDS * 1000)
    const timer = setInterval(() => {
      const { instances: copies, sockets } = host!.stats()
      const inUse = copies.reduce((sum, one) => sum + one.players, sockets)
      if (stopping.signal.aborted || !isIdle(systemRuntime.now(), inUse)) return
      clearInterval(timer)
      void giveBack()
    }, idleLookMs)
    timer.unref()
  }
  /** Nobody is sent here any more; then the fleet ends the process as it ends every host. */
  async function giveBack(): Promise<void> {
    log.info('nobody is here: the host gives itself back')
    await persistence.setState('draining').catch(() => undefined)
    await agones.shutdown().catch((error: unknown) => log.warn('nobody took it back', { error }))
    await systemRuntime.sleep(takenBackMs, stopping.signal).catch(() => undefined)
    await stop('idle', 0)
  }
  await agones.setLabel('waystone-boot', bootId)
  await agones.ready()
  onGameServer()
  const bootMs = Math.round(performance.now())
  log.info('ready', { port, instances: instances.map((one) => one.id), bootMs })
  // Written now, for a host that is killed writes nothing at its end.
  flushCompileCache()
  const url = config.WAYSTONE_PUBLIC_URL
  if (url !== undefined) {
    const { WAYSTONE_REALM: realmId } = config
    const { signal } = stopping
    const asks = { url, identity, bootId, realmId, fetch, runtime: systemRuntime, log, signal }
    void checkMyself(asks)
  }
}

/** The API's own pages, and those that may call it. */
function pageOrigins({ WAYSTONE_PUBLIC_URL: url, WAYSTONE_CORS: cors }: Config): string[] {
  return [...(url === undefined ? [] : [new URL(url).origin]), ...(cors ?? [])]
}

/** The cache tells when the inbox has something new; a host does without it, a little later. */
function hints(config: Config): { url: string; token: string } | undefined {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = config
  return url === undefined || token === undefined ? undefined : { url, token }
}

run().catch((error: unknown) => {
  const told =
    error instanceof ConfigError || error instanceof ContentError || error instanceof AgonesError
  process.stderr.write(
    `${told ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exit(1)
})
