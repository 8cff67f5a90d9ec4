// The functions of http.ts, a process of its own: real routes on store and cache in memory, once with the
// real hasher and once with one that does nothing, and beside them a bare Hono route that answers the
// same bytes as the read. Each listens on a port of its own.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono } from 'hono'
import { createDomainApp } from '#functions/app.ts'
import { domains } from '#functions/domains.ts'
import { keptBy } from '#functions/http/personal.ts'
import { createHasher } from '#functions/auth/passwords.ts'
import type { Hasher } from '#functions/auth/passwords.ts'
import { api } from '#shared/api/api.ts'
import { createApiClient } from '#shared/api/client.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import { loadContent } from '#shared/content-files/load.ts'
import { createStaticFleet } from '#shared/fleet/static.ts'
import { openInstance } from '#shared/ownership/listing.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import { newId } from '#shared/runtime.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { noSockets } from '#shared/push/sockets.ts'
import { systemRuntime } from '#shared/system.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { scalingHash } from '../calls/scaling.ts'
import { domainsWith } from '../functions/with-hasher.ts'

/** What the load needs to know. */
export type Ready = {
  ports: Record<'bare' | 'api' | 'unhashed', number>
  accounts: { loginName: string; password: string; token: string }[]
  /** How long one password takes to hash, ms of one core. */
  hashMs: number
}

/** What the process answers to `measure`. */
export type Used = { cpuMicros: number }

/** Limits count by account, so that none may be asked too often. */
const accountsCount = 32
const password = 'violet tractor sings at noon'

const runtime = systemRuntime
const store = createMemoryStore({ runtime })
const content = await loadContent(fileURLToPath(new URL('../../game/content/', import.meta.url)))
const cache = createMemoryCache({ runtime })
const profile = 'generous'
const limiter = createRateLimiter({ cache, store, runtime, profile })
const keys = createKeyRing({ store, runtime, masterKey: runtime.randomBytes(32) })
await keys.start()
const realms = {
  list: [{ realmId: 'local', name: 'Bench', address: '', state: 'open' as const }],
  here: new Set(['local']),
}
const log = { ...silentLog, error: console.error }
const fleet = createStaticFleet()
const kept = keptBy(domains)
const sockets = noSockets
const common = { store, cache, runtime, limiter, realms, keys, log, sockets }
const email = { sender: undefined, links: '' }
const signIn = { oidc: [] }
const scaling = { hashes: [scalingHash] }
const needed = { signing: keys, content, fleet, kept, email, signIn, scaling, flexMatch: undefined }
const parts = { ...common, ...needed }

function functions(hasher: Hasher): Hono {
  return createDomainApp(domainsWith(hasher), parts, {
    profile,
    addressOf: (c) => getConnInfo(c).remote.address,
  })
}

async function listen(app: Hono): Promise<number> {
  const server = createAdaptorServer({ fetch: app.fetch }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

// A hub of 200 instances, which the review of its fleet reads.
for (let i = 0; i < 200; i++) {
  const card = { zone: 'hub', bootId: newId(runtime), instance: '1', capacity: 500, protocol: 2 }
  const address = 'ws://host.bench.example:7000/zone'
  await openInstance(store, runtime.now(), 'local', { ...card, address, state: 'open' })
}

const hasher = createHasher(runtime)
const began = process.cpuUsage()
for (let i = 0; i < 10; i++) await hasher.hash(password)
const hashing = process.cpuUsage(began)

const apiPort = await listen(functions(hasher))
const unhashed: Hasher = { hash: async () => '', verify: async () => true }
const accounts: Ready['accounts'] = []
const [race] = [...content.content.races.values()]
if (race === undefined) throw new Error('the content has no race')
let token: string | undefined
const client = createApiClient({
  api,
  baseUrl: `http://127.0.0.1:${apiPort}`,
  newId: () => newId(runtime),
  token: () => token,
  fetch,
})
for (let i = 0; i < accountsCount; i++) {
  const loginName = `player${i}@example.org`
  token = (await client.auth.register({ body: { loginName, password } })).accessToken
  // Letters of which none looks like another one.
  const letters = 'bdfgkmnprst'
  const [params, suffix] = [{ realmId: 'local' }, letters[i % 11]! + letters[Math.floor(i / 11)]!]
  const body = { name: `Mira${suffix}`, race: race.id, job: race.jobs[0]! }
  await client.characters.create({ params, body })
  accounts.push({ loginName, password, token })
}

const answer = await client.characters.list({ params: { realmId: 'local' } })
const bare = new Hono()
bare.get('/', (c) => c.json(answer))

process.on('message', (message) => {
  if (message !== 'measure') process.exit(0)
  const { user, system } = process.cpuUsage()
  const used: Used = { cpuMicros: user + system }
  process.send!(used)
})
process.once('disconnect', () => process.exit(0))
const ready: Ready = {
  ports: { bare: await listen(bare), api: apiPort, unhashed: await listen(functions(unhashed)) },
  accounts,
  hashMs: (hashing.user + hashing.system) / 10_000,
}
process.send!(ready)
