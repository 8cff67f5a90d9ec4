// The functions in one process on a store in memory, with a clock that a test moves and a hasher that
// counts. Requests go through HTTP.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import type { Hono } from 'hono'
import type * as z from 'zod'
import { createDomainApp, partsOf } from '#functions/app.ts'
import type { AppOptions } from '#functions/app.ts'
import type { Hasher } from '#functions/auth/passwords.ts'
import { keptBy } from '#functions/http/personal.ts'
import type { Personal } from '#functions/http/personal.ts'
import { defineDomain, socketsOf, timersOf } from '#functions/http/record.ts'
import type { DomainRecord } from '#functions/http/record.ts'
import type { SocketHandlers } from '#functions/http/socket.ts'
import { api } from '#shared/api/api.ts'
import { ApiError, createApiClient } from '#shared/api/client.ts'
import type { ApiClient } from '#shared/api/client.ts'
import { commonErrors } from '#shared/api/endpoint.ts'
import type { Domain, Endpoint, Handlers } from '#shared/api/endpoint.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createMemoryCache } from '#shared/cache/memory.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { PlayerLimit } from '#shared/config.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import { EmailError } from '#shared/email/email.ts'
import type { Email, EmailSender } from '#shared/email/email.ts'
import type { Allocation, FleetHost } from '#shared/fleet/fleet.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import { createKeyRing } from '#shared/keys/ring.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import type { RateProfile } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { signInSettings } from '#shared/sign-in.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Faults, StoreRequest } from '#shared/store/faults.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import type { MemoryStore } from '#shared/store/memory.ts'
import type { Store } from '#shared/store/store.ts'
import { countTrips } from '#shared/store/trips.ts'
import type { TripCounter } from '#shared/store/trips.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { scalingHash } from '../calls/scaling.ts'
import { domainsWith } from './with-hasher.ts'

export type Clock = Runtime & { advance(ms: number): void }

/** A clock that stands until it is moved; waiting moves it. Bytes follow from the seed. */
export function createClock(seed = 'seed', start = 1_790_000_000_000): Clock {
  let now = start
  let drawn = 0
  return {
    now: () => now,
    advance: (ms) => {
      now += ms
    },
    sleep: async (ms) => {
      now += Math.ceil(ms)
    },
    randomBytes(count) {
      const bytes: number[] = []
      while (bytes.length < count) {
        bytes.push(...createHash('sha256').update(`${seed} ${drawn++}`).digest())
      }
      return new Uint8Array(bytes.slice(0, count))
    },
  }
}

/** Does almost no work, and counts the calls. */
export function createCountingHasher(): Hasher & { count(): number } {
  let count = 0
  const hashed = (password: string) => `test:${createHash('sha256').update(password).digest('hex')}`
  return {
    count: () => count,
    async hash(password) {
      count++
      return hashed(password)
    },
    async verify(password, stored) {
      count++
      return stored === hashed(password)
    },
  }
}

export type TestApi = {
  app: Hono
  clock: Clock
  memory: MemoryStore
  trips: TripCounter
  cache: Cache
  /** How many requests the limiter sent to the cache. */
  cacheTrips: () => number
  hasher: ReturnType<typeof createCountingHasher>
  keys: KeyRing
  content: LoadedContent
  logged: string[]
  /** What the fleet lists and gives by its labels, and what it was asked to drain. */
  fleet: { hosts: FleetHost[]; requests: string[]; drained: string[] }
  /** What the domains keep of a player. */
  kept: Map<string, Personal>
  /** What was sent to social sockets, in order; those that are gone. */
  sockets: { sent: { to: string; text: string }[]; closed: string[]; gone: Set<string> }
  /** What the domains do with social sockets. */
  social: SocketHandlers
  /** What a domain does by the clock, once. */
  keepTime(domain: string): Promise<void>
  /** E-mail that was sent; `fails` lets the next ones fail. */
  email: { sent: Email[]; fails: boolean }
  /** The fault of the store from now on. */
  faults: { next: Faults | undefined }
  client(options?: { token?: string; address?: string }): ApiClient<typeof api>
  /** A request by hand. */
  send(method: string, path: string, options?: SendOptions): Promise<Response>
}

export type SendOptions = {
  headers?: Record<string, string>
  body?: string
  address?: string
}

/** The header in which tests name the address of a caller. */
const addressHeader = 'x-test-address'

/** A domain that a test adds. */
export function extraDomain<D extends Domain>(declaration: D, handlers: Handlers<D>): DomainRecord {
  return defineDomain({
    name: declaration.name,
    module: import.meta.filename,
    group: 'utility',
    needs: [],
    declaration,
    handlers: () => handlers,
    personal: { none: 'It is a test.' },
    rows: [],
  })
}

let game: Promise<LoadedContent> | undefined

export async function openApi(
  options: {
    profile?: RateProfile
    extra?: DomainRecord[]
    /** A store that counts what its requests cost. */
    billed?: (store: Store) => Store
    signIn?: z.input<typeof signInSettings>
    emailOff?: true
    clock?: Clock
    /** Hears of each write of the store that has happened. */
    onApplied?: (request: StoreRequest) => void
    scalingHashes?: string[]
    flexMatch?: FlexMatchPart
    limits?: ReadonlyMap<string, PlayerLimit>
    /** The store of another process. */
    memory?: MemoryStore
  } = {},
): Promise<TestApi> {
  game ??= loadContent(fileURLToPath(new URL('../../game/content/', import.meta.url)))
  const content = await game
  const clock = options.clock ?? createClock()
  const faults: TestApi['faults'] = { next: undefined }
  const memory =
    options.memory ??
    createMemoryStore({
      runtime: clock,
      faults: (request) => faults.next?.(request),
      ...(options.onApplied && { onApplied: options.onApplied }),
    })
  const trips = countTrips(options.billed?.(memory) ?? memory)
  const { store } = trips
  const profile = options.profile ?? 'generous'
  // The limiter counts in the cache, beside the store.
  const cache = createMemoryCache({ runtime: clock })
  let cacheTrips = 0
  const limiter = createRateLimiter({
    cache: {
      ...cache,
      pipeline(commands) {
        cacheTrips++
        return cache.pipeline(commands)
      },
    },
    store: memory,
    runtime: clock,
    profile,
  })
  const keys = createKeyRing({ store, runtime: clock, masterKey: new Uint8Array(32).fill(7) })
  await keys.start()
  const hasher = createCountingHasher()
  const realms = {
    list: [
      {
        realmId: 'local',
        name: 'Local',
        address: 'http://test.example',
        state: 'open' as const,
      },
      { realmId: 'far', name: 'Far', address: 'http://far.example', state: 'open' as const },
    ],
    here: new Set(['local']),
    ...(options.limits && { limits: options.limits }),
  }
  const fleet: TestApi['fleet'] = { hosts: [], requests: [], drained: [] }
  const sockets: TestApi['sockets'] = { sent: [], closed: [], gone: new Set() }
  const logged: string[] = []
  const records = [...domainsWith(hasher), ...(options.extra ?? [])]
  const kept = new Map(keptBy(records))
  const email: TestApi['email'] = { sent: [], fails: false }
  const sender: EmailSender = {
    async send(one) {
      if (email.fails) throw new EmailError('no e-mail goes out')
      email.sent.push(one)
    },
  }
  const parts = {
    store,
    cache,
    runtime: clock,
    limiter,
    realms,
    keys,
    log: {
      ...silentLog,
      error: (message: string, fields?: object) => logged.push(`${message} ${inspect(fields)}`),
    },
    signing: keys,
    content,
    kept,
    sockets: {
      address: 'ws://test.example/v1/social',
      async post(to: string, text: string) {
        await Promise.resolve()
        if (sockets.gone.has(to)) return 'gone' as const
        sockets.sent.push({ to, text })
        return 'sent' as const
      },
      async close(connectionId: string) {
        sockets.closed.push(connectionId)
        return await Promise.resolve('sent' as const)
      },
    },
    email: {
      sender: options.emailOff ? undefined : sender,
      links: 'https://play.example/',
    },
    signIn: signInSettings.parse(options.signIn ?? {}),
    scaling: { hashes: options.scalingHashes ?? [scalingHash] },
    flexMatch: options.flexMatch,
    fleet: {
      async allocate({ requestId, labels }: Allocation) {
        fleet.requests.push(requestId)
        return fleet.hosts.find(({ labels: has }) =>
          Object.entries(labels).every(([name, value]) => has[name] === value),
        )
      },
      list: async () => fleet.hosts,
      async drain(name: string) {
        fleet.drained.push(name)
        return fleet.hosts.some((host) => host.name === name)
      },
    },
  }
  const all = partsOf(parts)
  const [social, timers] = [socketsOf(records, all)!, timersOf(records, all)]
  const app = createDomainApp(records, parts, {
    profile,
    addressOf: (c) => c.req.header(addressHeader) ?? '192.0.2.1',
    health: async () => ({ ok: true, checks: {} }),
  })
  trips.reset()
  const send: TestApi['send'] = async (method, path, { headers, body, address } = {}) =>
    await app.request(path, {
      method,
      headers: { ...headers, ...(address === undefined ? {} : { [addressHeader]: address }) },
      ...(body === undefined ? {} : { body }),
    })
  return {
    app,
    clock,
    memory,
    trips,
    cache,
    cacheTrips: () => cacheTrips,
    hasher,
    keys,
    content,
    logged,
    kept,
    faults,
    fleet,
    sockets,
    social,
    keepTime: async (domain) => {
      for (const { name, run } of timers) {
        if (name === domain) await run(new AbortController().signal)
      }
    },
    email,
    send,
    client: ({ token, address } = {}) =>
      createApiClient({
        api,
        baseUrl: 'http://test.example',
        newId: () => newId(clock),
        token: () => token,
        fetch: async (url, init) => {
          const { pathname } = new URL(url)
          const headers = new Headers(init.headers)
          if (address !== undefined) headers.set(addressHeader, address)
          const response = await app.request(url, { ...init, headers })
          await checkAsDeclared(response, init.method ?? 'GET', pathname)
          return response
        },
      }),
  }
}

/** Checks that an answer fits its schema, and that a refusal is in the declaration. */
async function checkAsDeclared(response: Response, method: string, path: string): Promise<void> {
  const endpoint = Object.values(api)
    .flatMap((domain): Endpoint[] => Object.values(domain.endpoints))
    .find((e) => e.method === method && pathPattern(e.path).test(path))
  if (endpoint === undefined) throw new Error(`no endpoint is declared at ${method} ${path}`)
  const document: unknown = await response.clone().json()
  if (response.ok) {
    if (response.status !== (endpoint.status ?? 200)) throw new Error(`status ${response.status}`)
    endpoint.answer.parse(document)
    return
  }
  const { code } = document as { code: string }
  const declared: readonly string[] = [...endpoint.errors, ...commonErrors(endpoint)]
  if (!declared.includes(code)) throw new Error(`${method} ${path} answered ${code} undeclared`)
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`)
}

export const goodPassword = 'violet tractor sings at noon'

/** Makes an account. Returns its session. */
export async function newAccount(test: TestApi, loginName = 'mira@example.org') {
  return await test.client().auth.register({ body: { loginName, password: goodPassword } })
}

/** The code that a call is refused with, or `done`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'done'
  } catch (error) {
    if (error instanceof ApiError) return error.code
    throw error
  }
}

/** The code of an act, when another one is done between what it has read and its transaction. */
export async function overtaken(
  test: TestApi,
  act: () => Promise<unknown>,
  by: () => Promise<unknown>,
): Promise<string> {
  const { sleep } = test.clock
  test.faults.next = ({ operation }) => {
    if (operation !== 'transact') return undefined
    test.faults.next = undefined
    return { kind: 'delay', ms: 1 }
  }
  let ended = false
  test.clock.sleep = async (ms) => {
    test.clock.sleep = sleep
    await by()
    ended = true
    await sleep(ms)
  }
  const code = await codeOf(act())
  if (!ended) throw new Error('nothing overtook it')
  return code
}

/** Chances of the faults of a store under which requests must still take effect once. */
export const faulty = {
  conflict: 0.05,
  throttle: 0.05,
  loseRequest: 0.05,
  loseAnswer: 0.05,
  applyLate: 0.05,
}

/** Sends it until it is known how it ended, as clients do. */
export async function settled(send: () => Promise<unknown>): Promise<string> {
  for (;;) {
    const code = await codeOf(send())
    if (code !== 'store.unavailable' && code !== 'world.busy') return code
  }
}

/** The options of an app without any domain. */
export function bareOptions(): AppOptions {
  return {
    domains: [],
    runtime: createClock(),
    verifyKeys: () => undefined,
    limiter: { check: async () => ({ allowed: true, limit: 1, remaining: 1, resetMs: 0 }) },
    profile: 'strict',
    realms: { list: [], here: new Set() },
    addressOf: () => undefined,
    log: { error: () => undefined },
  }
}
