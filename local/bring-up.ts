// Everything on one machine, started in the order in which one part needs another, and stopped in the
// reverse: players first, the database last.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { game } from '#game'
import { openNodeSocket } from '#client/bots/socket.ts'
import { createSyntheticPlayer } from '#client/bots/synthetic.ts'
import { createContent } from '#client/library/content.ts'
import { syntheticSecret } from '#functions/auth/auth.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createCache } from '#shared/cache/upstash.ts'
import { authority, hostOf, reachedHere } from '#shared/authority.ts'
import type { Config } from '#shared/config.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { loadMasterKey } from '#shared/keys/master.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { endLease } from '#shared/ownership/lease.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Addresses } from './banner.ts'
import { startBots } from './bots.ts'
import { openDataFolder } from './data-folder.ts'
import { startDatabase } from './database.ts'
import { createTables, localClient } from './dynamodb.ts'
import { startDev } from './dev-reload.ts'
import { followHostFaults } from './host-faults.ts'
import { every } from './every.ts'
import { freePort } from './fleet/free-port.ts'
import { endLastRun, startLocalFleet } from './fleet/local-fleet.ts'
import type { LocalFleet } from './fleet/local-fleet.ts'
import { createFunctions, listen } from './functions.ts'
import { startGuardian } from './guardian.ts'
import { createHealthProbe, probeEveryMs } from './health.ts'
import { hostEnvironment } from './host-environment.ts'
import { buildPage, servePage } from './page.ts'
import { checkPort } from './port-check.ts'
import { startRedis } from './redis/server.ts'
import { writeRunFile } from './run-file.ts'
import { StartError } from './start-error.ts'
import { openStartLog } from './start-log.ts'
import { sweep } from './sweeper.ts'

export type Running = {
  addresses(): Promise<Addresses>
  /** Resolves true when /health is well, false when it is not by then. */
  healthy(withinMs: number): Promise<boolean>
  /** Saves and stops everything. Never fails; under 10 s. */
  stop(): Promise<void>
}

export type BringUpOptions = {
  config: Config
  env: Record<string, string | undefined>
  runtime: Runtime
  /** Told, as soon as there is something to kill, what kills all of it without grace. */
  onKill: (killAll: () => void) => void
  /** Told the fleet once it is there: tests hurt it. */
  onFleet?: (fleet: LocalFleet) => void
  /** Warnings and errors for whoever sits at the terminal. */
  tell: (line: string) => void
}

type OnStop = (name: string, run: () => Promise<void> | void) => void

/** Zone hosts save within this, ms; with bots, marks and database a stop stays under 10 s. */
const hostGraceMs = 6000
/** Agones' own default. */
const healthPeriodS = 5
const keysEveryMs = 60_000
const sweepEveryMs = 30_000
const cacheTimeoutMs = 1000

/** Fails with one sentence (StartError and its like) when something is in the way; then all is undone. */
export async function bringUp(options: BringUpOptions): Promise<Running> {
  const undo: { name: string; run: () => Promise<void> | void }[] = []
  let log: Log | undefined
  const stop = async () => {
    for (const { name, run } of undo.splice(0).reverse()) {
      try {
        await run()
      } catch (error) {
        log?.error('a part did not stop', { name, error })
      }
    }
  }
  try {
    const onStop: OnStop = (name, run) => undo.push({ name, run })
    return await startAll(options, onStop, stop, (made) => (log = made))
  } catch (error) {
    // At the terminal the caller says it, and better.
    log?.info('the start failed', { error })
    await stop()
    throw error
  }
}

async function startAll(
  { config, env, runtime, onKill, onFleet, tell }: BringUpOptions,
  onStop: OnStop,
  stop: () => Promise<void>,
  onLog: (log: Log) => void,
): Promise<Running> {
  const { HOST: host, WAYSTONE_TABLES: tablePrefix, WAYSTONE_REALM: realmId } = config
  if (config.UPSTASH_REDIS_REST_URL && !config.UPSTASH_REDIS_REST_TOKEN) {
    throw new StartError(
      'UPSTASH_REDIS_REST_URL is set without UPSTASH_REDIS_REST_TOKEN; set both.',
    )
  }
  if (config.UPSTASH_REDIS_REST_URL && config.REDIS_URL) {
    throw new StartError('UPSTASH_REDIS_REST_URL and REDIS_URL are both set; set one.')
  }
  const loaded = await loadContent(game.content)
  checkFleet(config, loaded)
  const folder = openDataFolder(config.WAYSTONE_DATA, runtime)
  onStop('data folder', () => folder.release())
  const dataDir = folder.path
  await checkPort(host, config.PORT)
  const port = config.PORT === 0 ? await freePort(host, new Set()) : config.PORT

  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 })
  const log = openStartLog(join(dataDir, 'logs', 'start.log'), config.WAYSTONE_LOG, runtime, tell)
  onLog(log)
  const page = buildPage()
  // Awaited further down; a failure until then is not an unhandled one.
  page.catch(() => {})

  const guardian = startGuardian()
  onKill(() => guardian.killAll())
  onStop('guardian', () => guardian.release())

  // Zone hosts of a run that was killed still save, into its database if that lives.
  await endLastRun(dataDir, runtime, log, hostGraceMs)
  let database = config.WAYSTONE_DYNAMODB_URL
  if (database === undefined) {
    const binary = config.WAYSTONE_DYNOXIDE
    const embedded = await startDatabase({ dataDir, tablePrefix, binary, guardian, runtime, log })
    onStop('database', () => embedded.stop())
    database = embedded.endpoint
  } else {
    await createTables(database, tablePrefix).catch((error: unknown) => {
      throw new StartError(
        `WAYSTONE_DYNAMODB_URL ${database} does not take tables; check that it is a DynamoDB ` +
          'endpoint and that it runs.',
        error,
      )
    })
  }
  const store = createDynamoStore(localOptions(database, tablePrefix))
  onStop('store', () => store.close())

  let cache: Cache | undefined
  const redis = { url: config.UPSTASH_REDIS_REST_URL, token: config.UPSTASH_REDIS_REST_TOKEN }
  if (redis.url === undefined || redis.token === undefined) {
    redis.token = randomBytes(24).toString('base64url')
    const front = await startRedis({
      host: '127.0.0.1',
      port: 0,
      token: redis.token,
      runtime,
      ...(config.REDIS_URL && { redisUrl: config.REDIS_URL }),
    })
    onStop('redis', () => front.stop())
    redis.url = front.url
    cache = front.cache
    // Nothing that counts lies in it: without it all is slower, and it may come later.
    front.ready.catch((error: unknown) => {
      log.warn('REDIS_URL does not answer; going on without it until it does', { error })
    })
  }
  cache ??= createCache({ url: redis.url, token: redis.token, timeoutMs: cacheTimeoutMs })

  const keyFile = config.WAYSTONE_KEY_FILE ?? join(dataDir, 'keys', 'master.key')
  const keys = createKeyRing({ store, runtime, masterKey: await loadMasterKey(keyFile, runtime) })
  await keys.start()

  const apiHere = `http://${authority(reachedHere(host), port)}`
  // On a wildcard every caller is told the address that he came by (reachable.ts).
  const url = config.WAYSTONE_PUBLIC_URL ?? `http://${authority(host, port)}`
  const fleet = await startLocalFleet({
    host,
    // Hosts are reached where the API is.
    address: hostOf(url),
    fleets: config.WAYSTONE_FLEET,
    env: hostEnvironment(env, {
      WAYSTONE_DYNAMODB_URL: database,
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      // On this machine, whatever address players use.
      WAYSTONE_PUBLIC_URL: apiHere,
      ...zoneOrigins(config),
    }),
    dataDir,
    markEnded: (bootId) => endLease(store, bootId),
    runtime,
    log,
    guardian: {
      add: (pid) => guardian.add('host', pid),
      remove: (pid) => guardian.remove(pid),
    },
    graceMs: hostGraceMs,
    // The first ping is looked for after one period, a host then given up after so many more.
    health: {
      periodSeconds: healthPeriodS,
      failureThreshold: Math.ceil(config.WAYSTONE_FLEET_PATIENCE / healthPeriodS) - 1,
    },
  })
  onStop('fleet', () => fleet.stop())
  onFleet?.(fleet)

  const zones = config.WAYSTONE_FLEET.filter(({ hosts }) => hosts > 0).map(({ zone }) => zone)
  const { startZone } = loaded.content
  const stopped = new AbortController()
  const synthetic = createSyntheticPlayer({
    baseUrl: apiHere,
    realmId,
    deviceSecret: syntheticSecret(keys),
    content: createContent({ baseUrl: apiHere, fetch, runtime }),
    socket: openNodeSocket,
    fetch,
    runtime,
    monotonic: () => performance.now(),
  })
  const visit = async () => await synthetic.visit(stopped.signal)
  const health = createHealthProbe({ store, fleet, realmId, zones, startZone, visit, runtime })
  const realm = {
    realmId,
    name: config.WAYSTONE_REALM_NAME,
    address: url,
    state: 'open' as const,
  }
  const profile = config.WAYSTONE_LIMITS
  const corsOrigins = config.WAYSTONE_CORS
  const functions = {
    store,
    cache,
    keys,
    loaded,
    fleet,
    realm,
    port,
    corsOrigins,
    profile,
    runtime,
    log,
  }
  const app = createFunctions({ ...functions, health: () => health.last() })
  const served = { page: await page }
  servePage(app, () => served.page)
  const server = await listen(app, host, port)
  onStop('functions', () => server.stop())
  const removeRunFile = writeRunFile(dataDir, {
    url: apiHere,
    database,
    tablePrefix,
    keyFile: resolve(keyFile),
    realmId,
  })
  onStop('run file', removeRunFile)

  if (config.WAYSTONE_DEV) {
    const dev = startDev({ contentDir: game.content, loaded, served, fleet, runtime, tell })
    onStop('dev', () => dev.stop())
  }

  const background = { runtime, log, signal: stopped.signal }
  if (config.WAYSTONE_DEV) {
    void followHostFaults({ folder: join(dataDir, 'logs'), tell, ...background })
  }
  const client = localClient(database)
  const loops = [
    every(probeEveryMs, 'health probe', () => health.probe(), background),
    every(keysEveryMs, 'key refresh', () => keys.refresh(), background),
    every(
      sweepEveryMs,
      'sweep',
      () => sweep({ client, tablePrefix, runtime, signal: stopped.signal }),
      background,
    ),
  ]
  onStop('background', async () => {
    stopped.abort()
    client.destroy()
    await Promise.all(loops)
  })

  const healthy = async (withinMs: number) => {
    const giveUpAt = runtime.now() + withinMs
    for (;;) {
      await health.probe()
      if ((await health.last()).ok) return true
      if (runtime.now() > giveUpAt || stopped.signal.aborted) return false
      await runtime.sleep(100)
    }
  }
  const shown = config.WAYSTONE_PUBLIC_URL ?? apiHere
  const bots = config.WAYSTONE_BOTS
  if (bots > 0) {
    const started = startBots({
      count: bots,
      url: apiHere,
      ready: healthy,
      dataDir,
      guardian,
      runtime,
      log,
    })
    onStop('bots', () => started.stop())
  }
  return {
    healthy,
    stop,
    addresses: async () => ({
      pid: process.pid,
      url: shown,
      docs: `${shown}/docs`,
      openapi: `${shown}/openapi.json`,
      health: `${shown}/health`,
      database,
      redis: redis.url!,
      ...(config.REDIS_URL && { redisBehind: withoutPassword(config.REDIS_URL) }),
      dataDir,
      zones: (await fleet.list()).map((each) => ({
        zone: each.labels[zoneLabel]!,
        name: each.name,
        address: `ws://${authority(reachedHere(each.address), each.port)}/zone`,
      })),
      bots,
    }),
  }
}

function withoutPassword(redisUrl: string): string {
  const { protocol, host } = new URL(redisUrl)
  return `${protocol}//${host}`
}

function checkFleet(config: Config, { content }: LoadedContent): void {
  for (const { zone } of config.WAYSTONE_FLEET) {
    if (content.zones.has(zone)) continue
    const known = [...content.zones.keys()].join(', ')
    throw new StartError(`WAYSTONE_FLEET names the zone ${zone}; the content has ${known}.`)
  }
}

/** Hosts let in pages of the public address too, which they are not told otherwise. */
function zoneOrigins({ WAYSTONE_PUBLIC_URL: url, WAYSTONE_CORS: cors = [] }: Config) {
  if (url === undefined || cors.includes('*')) return {}
  return { WAYSTONE_CORS: [...cors, new URL(url).origin].join(',') }
}
