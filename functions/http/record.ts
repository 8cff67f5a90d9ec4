// A domain says of itself, in one record, what it serves, what it needs and which rows it may touch.
// functions/domains.ts lists the records. The server, the Lambdas and their bundles, their permissions,
// /health and the reference page follow from that list (docs/decisions/0024-domain-table.md).
import type { Domain, Endpoint, Handler, Handlers } from '#shared/api/endpoint.ts'
import type { Cache } from '#shared/cache/cache.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { EmailPart } from '#shared/email/email.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import type { KeyRing, Verifier } from '#shared/keys/ring.ts'
import type { Push } from '#shared/push/push.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { SignInSettings } from '#shared/sign-in.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Kept, PersonalOf } from './personal.ts'
import type { Realms } from './realms.ts'
import type { RowPermission } from './rows.ts'
import type { Mounted } from './serve.ts'
import type { SocketHandlers } from './socket.ts'

/** The parts that every domain gets. */
export type CommonParts = {
  store: Store
  cache: Cache
  runtime: Runtime
  limiter: RateLimiter
  realms: Realms
  /** The public keys. */
  keys: Verifier
  log: Log
  /** Of players outside zones. */
  sockets: Sockets
  /** Tells players who are there now. */
  push: Push
}

/** `hashes`: SHA-256 of the secrets of the cluster's autoscaler, in hex. Without one nobody may. */
export type ScalingPart = { hashes: readonly string[] }

/** Parts that a domain gets if its record says that it needs them. */
export type NeededParts = {
  /** The private keys. The function's role may then open the master key. */
  signing: KeyRing
  /** The game's content. */
  content: LoadedContent
  /** The fleet of zone hosts. The function may then enter the cluster. */
  fleet: Fleet
  /** What all domains keep of a player. The function may then do to rows what each of them says. */
  kept: Kept
  /** E-mail to players. The function may then send it. */
  email: EmailPart
  /** Who else may vouch for a player. The function may then read their secrets. */
  signIn: SignInSettings
  /** Who may ask how many hosts there should be. */
  scaling: ScalingPart
  /** FlexMatch, and the queues that it matches; undefined: none. The function may then ask it. */
  flexMatch: FlexMatchPart | undefined
}

export type Need = keyof NeededParts
export type AllParts = CommonParts & NeededParts
/** What an app is made of: the rest it makes of these. */
export type GivenParts = Omit<AllParts, 'push'>

/** `false`, by name, for what is not well and is not this process. */
export type Checks = () => Promise<Record<string, boolean>>

/** A declared domain, and what makes its handlers. */
type Served<Parts> = {
  declaration: Domain
  handlers: (parts: Parts) => Record<string, Handler<Endpoint>>
}

/**
 * Work by the clock. Several processes may do it at the same moment, and one that fails leaves it to the next time.
 * `goesOn`: it is done until the signal, which comes when the next time has begun.
 */
type Timer<Parts> = {
  everyMinutes: number
  goesOn?: true
  run: (parts: Parts, signal: AbortSignal) => Promise<void>
}

/** A message of a topic of SNS that leads to the function. It may come again. */
export type Notice = { topic: string; message: string }

type About = {
  /** Of the folder, the function on Lambda and its part of /health: lower-case letters. */
  name: string
  /** Path of the module that exports this record as `domain`: `import.meta.filename`. */
  module: string
  /** The function that serves it where three functions serve all domains. */
  group: 'player' | 'play' | 'utility'
  /** Beside those that every function has (cdk/permissions.ts). */
  rows: readonly RowPermission[]
  /** What it keeps of a player: how it is exported and erased, or why there is nothing. */
  personal: PersonalOf
  /** What it adds to /health; see `checksOf`. */
  checks?: (parts: GivenParts) => Checks
  /** It hashes passwords: its function gets a whole core, and a bound of its own. */
  hashesPasswords?: true
  /** It serves /docs, /openapi.json, /health and whatever no other domain has a route for. */
  servesReference?: true
}

export type DomainRecord = About & {
  /** It has the social socket: what its clients send. */
  sockets?: (parts: CommonParts) => SocketHandlers
  timer?: Timer<AllParts>
  /** What it hears by topics of SNS on Lambda. One that fails is sent again. */
  notices?: (parts: AllParts, notice: Notice) => Promise<void>
  needs: readonly Need[]
  /** Most serve one declaration. The game serves as many as it likes. */
  serves: readonly Served<AllParts>[]
}

/** A record of one declaration. Checks that each endpoint has a handler of its type. */
export function defineDomain<D extends Domain, const N extends Need = never>(
  record: Omit<About, 'checks'> & {
    needs: readonly N[]
    checks?: (parts: Omit<CommonParts, 'push'> & Pick<NeededParts, N>) => Checks
    declaration: D
    sockets?: (parts: CommonParts) => SocketHandlers
    timer?: Timer<CommonParts & Pick<NeededParts, N>>
    notices?: (parts: CommonParts & Pick<NeededParts, N>, notice: Notice) => Promise<void>
    handlers: (parts: CommonParts & Pick<NeededParts, N>) => Handlers<D>
  },
): DomainRecord {
  const { declaration, handlers, ...about } = record
  return { ...about, serves: [{ declaration, handlers }] }
}

/** The domains with their handlers. `parts` has at least what their records need. */
export function mountDomains(records: readonly DomainRecord[], parts: AllParts): Mounted[] {
  return records.flatMap(({ serves }) =>
    serves.map(({ declaration, handlers }) => ({ domain: declaration, handlers: handlers(parts) })),
  )
}

/**
 * What the domains add to /health. Operators should look at it. The process itself is well, and goes on taking
 * requests. A check that cannot be made adds nothing: others say why.
 */
export function checksOf(records: readonly DomainRecord[], parts: GivenParts): Checks {
  const all = records.flatMap(({ checks }) => (checks === undefined ? [] : [checks(parts)]))
  return async () => {
    const found = await Promise.all(all.map((check) => check().catch(() => ({}))))
    return Object.fromEntries(found.flatMap((one) => Object.entries(one)))
  }
}

/** What is done with social sockets, if one of the domains has them. */
export function socketsOf(
  records: readonly DomainRecord[],
  parts: CommonParts,
): SocketHandlers | undefined {
  return records.find(({ sockets }) => sockets !== undefined)?.sockets?.(parts)
}

/** So long work that goes on overlaps with that of the next time, which may be a little late. */
const handOverMs = 3000
/** Before it is taken up again in one process: it may have nothing to do, and end at once. */
const goesOnAfterMs = 1000

/** What the domains do by the clock, by their names, and how long to wait after it. */
export function timersOf(
  records: readonly DomainRecord[],
  parts: AllParts,
): {
  name: string
  goesOn: boolean
  pauseMs: number
  run: (signal: AbortSignal) => Promise<void>
}[] {
  return records.flatMap(({ name, timer }) => {
    if (timer === undefined) return []
    const { goesOn = false, run } = timer
    const everyMs = timer.everyMinutes * 60_000
    return {
      name,
      goesOn,
      pauseMs: goesOn ? goesOnAfterMs : everyMs,
      run: async (signal) => {
        const over = goesOn ? [AbortSignal.timeout(everyMs + handOverMs)] : []
        await run(parts, AbortSignal.any([signal, ...over]))
      },
    }
  })
}

export function declarationsOf(records: readonly DomainRecord[]): Domain[] {
  return records.flatMap(({ serves }) => serves.map(({ declaration }) => declaration))
}

export function needsOf(records: readonly DomainRecord[]): Set<Need> {
  return new Set(records.flatMap(({ needs }) => needs))
}
