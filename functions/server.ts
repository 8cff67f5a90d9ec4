// The functions as one server, for a cluster that serves the API itself (agones/functions/): what the
// Lambdas run, from the same environment, behind a port. SIGTERM: nothing new is taken, what is under way
// is answered.
import { getConnInfo } from '@hono/node-server/conninfo'
import { ContentError } from '#shared/content-files/load.ts'
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { KeyFileError } from '#shared/keys/master.ts'
import { KeyRingError } from '#shared/keys/ring.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import { createDomainApp, partsOf } from './app.ts'
import { domains } from './domains.ts'
import { clientAddress } from './http/address.ts'
import type { Health } from './http/health.ts'
import { checksOf, socketsOf, timersOf } from './http/record.ts'
import type { AllParts, Checks } from './http/record.ts'
import { openContent, readReference } from './start/content.ts'
import { openEmail } from './start/email.ts'
import { openFleet } from './start/fleet.ts'
import { openFlexMatch } from './start/flexmatch.ts'
import { openKept } from './start/kept.ts'
import { listen } from './start/listen.ts'
import { openParts } from './start/open.ts'
import { openScaling } from './start/scaling.ts'
import { openSignIn } from './start/sign-in.ts'
import { openSigning } from './start/signing.ts'
import { createSocketServer } from './start/sockets.ts'
import type { SocketServer } from './start/sockets.ts'
import { wire } from './start/wire.ts'

const openers = {
  signing: openSigning,
  content: openContent,
  fleet: openFleet,
  kept: openKept,
  email: openEmail,
  signIn: openSignIn,
  scaling: openScaling,
  flexMatch: openFlexMatch,
}
const keysEveryMs = 60_000
const probeEveryMs = 5000
/** Three rounds and the time that the third may take. */
const staleMs = 15_000
/** The longest answer is that of an `enter` which waits for a host, 4 s; as much again for a slow store. */
const graceMs = 8000

async function run(): Promise<void> {
  const runtime = systemRuntime
  const wired = await wire(process.env, runtime)
  const parts = await openParts(domains, openers, wired)
  const { config, log } = wired
  const reference = await readReference()
  const health = createStoreProbe(parts.store, runtime, checksOf(domains, parts))
  const app = createDomainApp(domains, parts, {
    profile: config.WAYSTONE_LIMITS,
    addressOf: (c) =>
      clientAddress(
        getConnInfo(c).remote.address,
        c.req.header('x-forwarded-for'),
        config.WAYSTONE_PROXIES,
      ),
    corsOrigins: config.WAYSTONE_CORS,
    health: async () => health.last(),
    ...(reference === undefined ? {} : { reference }),
  })
  await health.probe()
  const sockets = openSockets(config, { ...partsOf(parts), runtime })
  const stopping = new AbortController()
  const server = await listen(app, config.HOST, config.PORT, runtime, { sockets })
  const loops = [
    every(probeEveryMs, () => health.probe()),
    every(keysEveryMs, () =>
      parts.keys.refresh().catch((cause: unknown) => {
        log.error('the keys could not be read', { cause })
      }),
    ),
    ...timersOf(domains, partsOf(parts)).map(({ name, pauseMs, run: work }) =>
      every(pauseMs, () =>
        work(stopping.signal).catch((cause: unknown) => {
          log.error('the timer of a domain failed', { domain: name, cause })
        }),
      ),
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
    // Connections to the store are still open, but no request uses them any more.
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  log.info('ready', { port: server.port })
}

/** Social sockets are served where processes can tell each other's: with a secret, and an address of each. */
function openSockets(config: Config, parts: AllParts): SocketServer | undefined {
  const { WAYSTONE_SOCKETS: own, WAYSTONE_SOCKETS_SECRET: secret } = config
  const handlers = socketsOf(domains, parts)
  if (secret === undefined || handlers === undefined) return undefined
  if (own === undefined) throw new ConfigError(['WAYSTONE_SOCKETS_SECRET needs WAYSTONE_SOCKETS.'])
  const { runtime, log } = parts
  return createSocketServer({ handlers, secret, own: own.replace(/\/$/, ''), runtime, log })
}

/**
 * Checks that the store answers: no request works without it. What the domains find is named beside it, and is
 * no reason to take this server out of service.
 */
function createStoreProbe(store: Store, runtime: Pick<Runtime, 'now'>, checks: Checks) {
  let last = { at: Number.NEGATIVE_INFINITY, store: false }
  let more = {}
  return {
    probe: async (): Promise<void> => {
      const key = { pk: 'HEALTH', sk: 'HEALTH' }
      const answered = await store.get({ table: 'core', key, consistent: true }).then(
        () => true,
        () => false,
      )
      last = { at: runtime.now(), store: answered }
      // Not awaited: a slow look at hosts must not make this server look stale.
      void checks().then((found) => (more = found))
    },
    last: (): Health => {
      const ageMs = runtime.now() - last.at
      return { ok: last.store && ageMs <= staleMs, checks: { store: last.store, ageMs, ...more } }
    },
  }
}

run().catch((error: unknown) => {
  const expected = [ConfigError, ContentError, KeyFileError, KeyRingError]
  const isExpected = expected.some((kind) => error instanceof kind)
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
})
