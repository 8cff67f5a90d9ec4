// An endpoint is declared once (rule 10). Server, OpenAPI document, typed client and tests follow.
// Bodies and answers are plain JSON: no dates, no transforms; coercion only in params and query.
import type * as z from 'zod'
import type { RateName } from '../limits.ts'
import type { ProblemCode } from '../problem.ts'
import { roles } from './role.ts'
import type { Role } from './role.ts'

/**
 * Who may call. `player`: an account, by its access token. A role: an account that has it or a higher one, or
 * an operator's short token from the command line. `host`: a zone host, by a token of its own key.
 */
export type Identity = 'anyone' | 'player' | 'host' | Role

/** The least role that may call; undefined when it is no matter of roles. */
export function leastRole({ identity }: Pick<Endpoint, 'identity'>): Role | undefined {
  return roles.find((one) => one === identity)
}

/**
 * How a changing request is made safe to send again (rule 4):
 * - `remembered`: an Idempotency-Key is required; the answer is kept under it with a fingerprint.
 * - `own`: an Idempotency-Key is required; the domain makes it safe itself (answers with secrets).
 * - `natural`: safe by what it carries (a rotating token, a device secret, "end this session").
 */
export type Repeat = 'remembered' | 'own' | 'natural'

/** What a rate limit counts by. */
export type Limit = { rate: RateName; by: 'address' | 'account' }

/**
 * A request that may follow, with values of the answer (an OpenAPI link). Values are runtime expressions as
 * OpenAPI writes them: `$response.body#/characterId`, `$request.path.realmId`, `$request.body#/password`.
 */
export type Link = {
  /** `domain.endpoint`. */
  readonly to: string
  /** Where the access token is that the next request carries; without it, the caller's own. */
  readonly token?: string
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  /** Fields of the body; the caller adds the others. */
  readonly body?: Readonly<Record<string, string | number>>
}

type Shape = z.ZodObject

export type Endpoint = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for parameters, as OpenAPI writes it. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly identity: Identity
  readonly repeat?: Repeat
  readonly params?: Shape
  readonly query?: Shape
  readonly body?: Shape
  /** A service sends it, which calls its JSON otherwise as well, and sends more than a client does. */
  readonly bodyFrom?: { readonly mediaType: string; readonly maxBytes: number }
  readonly answer: z.ZodType
  /** A list in pages (page.ts). */
  readonly paged?: true
  /** Success status; 200 by default. */
  readonly status?: 200 | 201
  /** The answer has a field `ok`. If it is false, the status is 503. */
  readonly reportsHealth?: true
  /** The answer is the same for everybody: sent with an ETag, and may be kept this long. */
  readonly cache?: { readonly maxAgeS: number }
  /** Refusals of its own, beside those every endpoint has (see `commonErrors`). */
  readonly errors: readonly ProblemCode[]
  readonly limits: readonly Limit[]
  /** By name. */
  readonly links?: Readonly<Record<string, Link>>
}

/** Keeps the literal types of a declaration. */
export function endpoint<const E extends Endpoint>(declaration: E): E {
  return declaration
}

export type Domain = {
  readonly name: string
  readonly description: string
  readonly endpoints: Record<string, Endpoint>
}

export function domain<const D extends Domain>(declaration: D): D {
  return declaration
}

type Infer<S> = S extends z.ZodType ? z.output<S> : undefined

/** What a client passes: only the parts that the endpoint declares. */
export type RequestOf<E extends Endpoint> = (E extends { params: infer P extends z.ZodType }
  ? { params: z.input<P> }
  : unknown) &
  (E extends { query: infer Q extends z.ZodType } ? { query?: z.input<Q> } : unknown) &
  (E extends { body: infer B extends z.ZodType } ? { body: z.input<B> } : unknown)

export type AnswerOf<E extends Endpoint> = z.output<E['answer']>

/** Who sends a request, as the edge has verified it. */
export type Caller = AnyCaller | PlayerCaller | OperatorCaller | HostCaller

export type AnyCaller = { kind: 'anyone' }

/** A player's account, from its access token. */
export type PlayerCaller = {
  kind: 'player'
  accountId: string
  /** The login session that the token is from. */
  loginSessionId: string
  /** The era of the account when the token was issued: a log-out everywhere begins the next one. */
  era: number
  guest: boolean
  role?: Role | undefined
}

/** Somebody with a role. */
export type OperatorCaller = {
  kind: 'operator'
  /** By the token. What the account says counts, where the act commits (functions/admin/rights.ts). */
  role: Role
  /** The account, or `cli:<name>` for a token from the command line. Stands in the audit. */
  operatorId: string
  /** The account and the era of its token; absent for a token from the command line. */
  account?: { accountId: string; era: number } | undefined
}

export type HostCaller = { kind: 'host'; bootId: string }

type CallerOf<I extends Identity> = I extends 'player'
  ? PlayerCaller
  : I extends Role
    ? OperatorCaller
    : I extends 'host'
      ? HostCaller
      : AnyCaller

/** A client's Idempotency-Key, checked for form and age, and the hash under which it is stored. */
export type OperationId = {
  /** Base64url SHA-256 over account (if there is one), route and client id. */
  hash: string
  /** Base64url SHA-256 over the parsed params and body: another request under the same id is refused. */
  fingerprint: string
}

/** What a handler gets: everything parsed and checked. */
export type Call<E extends Endpoint> = {
  params: Infer<E['params']>
  query: Infer<E['query']>
  body: Infer<E['body']>
  caller: CallerOf<E['identity']>
  operation: E['repeat'] extends 'remembered' | 'own' ? OperationId : undefined
  /** The caller's network address, as the edge saw it. */
  address: string
  /** The program that calls, in a few words; undefined when it does not say. */
  agent?: string | undefined
}

export type Handler<E extends Endpoint> = (call: Call<E>) => Promise<AnswerOf<E>>
export type Handlers<D extends Domain> = { [K in keyof D['endpoints']]: Handler<D['endpoints'][K]> }

/** Refusals that any endpoint may answer with, by what it declares. */
export function commonErrors(e: Endpoint): ProblemCode[] {
  const codes: ProblemCode[] = [
    'request.malformed',
    'request.invalid',
    'store.unavailable',
    'internal.error',
  ]
  if (e.paged) codes.push('request.cursor')
  if (e.limits.length > 0) codes.push('request.rate_limited')
  if (e.params && 'realmId' in e.params.shape) codes.push('realm.unknown', 'realm.elsewhere')
  if (e.method !== 'GET') codes.push('world.busy')
  if (e.body) codes.push('request.too_large', 'request.media_type')
  if (e.identity !== 'anyone') codes.push('auth.required', 'auth.expired')
  if (leastRole(e) !== undefined) codes.push('auth.forbidden', 'auth.session_revoked')
  if (e.repeat === 'remembered' || e.repeat === 'own') {
    codes.push('operation.missing', 'operation.invalid', 'operation.too_old')
    codes.push('operation.from_future', 'operation.mismatch')
  }
  return codes
}
