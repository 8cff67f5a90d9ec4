// The functions as one server, for a cluster that serves the API itself (agones/functions/): what the
// Lambdas run, from the same environment, behind a port. SIGTERM: nothing new is taken, what is under way
// is answered.
import { getConnInfo } from '@hono/node-server/conninfo'
import { ContentError } from '#shared/content-files/load.ts'
import { ConfigError } from '#shared/config.ts'
import { KeyFileError } from '#shared/keys/master.ts'
import { KeyRingError } from '#shared/keys/ring.ts'
import { createHostKeys } from '#shared/keys/host.ts'
import { readHostKey } from '#shared/ownership/lease.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { domains as admin } from './admin/lambda.ts'
import { createApp } from './app.ts'
import { domains as auth } from './auth/lambda.ts'
import { domains as characters } from './characters/lambda.ts'
import { domains as content } from './content/lambda.ts'
import { domains as game } from './game/lambda.ts'
import { clientAddress } from './http/address.ts'
import type { Health } from './http/health.ts'
import { listen } from './start/listen.ts'
import { signing } from './start/signing.ts'
import { readReference, wire } from './start/wire.ts'
import { domains as internal } from './internal/lambda.ts'
import { domains as world } from './world/lambda.ts'

const everyDomain = [auth, characters, world, content, admin, internal, game]
const keysEveryMs = 60_000
const probeEveryMs = 5000
/** Three rounds and the time that the third may take. */
const staleMs = 15_000
/** The longest answer is that of an `enter` which waits for a host, 4 s; as much again for a slow store. */
const graceMs = 8000

async function run(): Promise<void> {
  const runtime = systemRuntime
  const { parts, packed } = await wire(process.env, runtime)
  const { config, log } = parts
  const wired = { ...parts, keys: await signing(parts) }
  const mounted = await Promise.all(everyDomain.map((domains) => domains(wired)))
  const reference = await readReference(packed)
  const health = createStoreProbe(parts.store, runtime)
  const app = createApp({
    domains: mounted.flat(),
    runtime,
    verifyKeys: wired.keys.verify,
    hostKeys: createHostKeys({
      runtime: wired.runtime,
      publicKeyOf: (bootId) => readHostKey(wired.store, bootId),
    }),
    limiter: wired.limiter,
    profile: config.WAYSTONE_LIMITS,
    realms: wired.realms,
    addressOf: (c) =>
      clientAddress(
        getConnInfo(c).remote.address,
        c.req.header('x-forwarded-for'),
        config.WAYSTONE_PROXIES,
      ),
    log,
    corsOrigins: config.WAYSTONE_CORS,
    health: async () => health.last(),
    ...(reference === undefined ? {} : { reference }),
  })
  await health.probe()
  const stopping = new AbortController()
  const server = await listen(app, config.HOST, config.PORT, runtime)
  const loops = [
    every(probeEveryMs, () => health.probe()),
    every(keysEveryMs, () =>
      wired.keys.refresh().catch((cause: unknown) => {
        log.error('the keys could not be read', { cause })
      }),
    ),
  ]
  async function every(ms: number, round: () => Promise<void>): Promise<void> {
    while (!stopping.signal.aborted) {
      await runtime.sleep(ms, stopping.signal).catch(() => {})
      if (!stopping.signal.aborted) await round()
    }
  }
  async function stop(reason: string): Promise<void> {
    if (stopping.signal.aborted) return
    log.info('stopping', { reason })
    stopping.abort()
    await server.stop(graceMs)
    await Promise.all(loops)
    log.info('stopped', { reason })
    // Connections to the store are kept open; nobody uses them any more.
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  log.info('ready', { port: server.port })
}

/** The store answers: without it nothing here does. What hosts do is not for each server to watch. */
function createStoreProbe(store: Store, runtime: Pick<Runtime, 'now'>) {
  let last = { at: Number.NEGATIVE_INFINITY, store: false }
  return {
    probe: async (): Promise<void> => {
      const key = { pk: 'HEALTH', sk: 'HEALTH' }
      const answered = await store.get({ table: 'core', key, consistent: true }).then(
        () => true,
        () => false,
      )
      last = { at: runtime.now(), store: answered }
    },
    last: (): Health => {
      const ageMs = runtime.now() - last.at
      return { ok: last.store && ageMs <= staleMs, checks: { store: last.store, ageMs } }
    },
  }
}

run().catch((error: unknown) => {
  const told = [ConfigError, ContentError, KeyFileError, KeyRingError]
  const isTold = told.some((kind) => error instanceof kind)
  const text = error instanceof Error ? (isTold ? error.message : error.stack) : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
})
