// Serves a declared domain (rule 10). Per request, cheapest first: limits by address, the access
// token, limits by account, input, operation id, then the handler.
import type { Context, Hono } from 'hono'
import type { Call, Domain, Endpoint, Handler, Handlers, Limit } from '#shared/api/endpoint.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import { parseOperationId } from '#shared/http/operation.ts'
import type { RateProfile } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { addressSubject } from './address.ts'
import { agentWords } from './agent.ts'
import { answerResponse } from './answer.ts'
import { parseInput, readJson } from './body.ts'
import { readCaller, subjectOf } from './caller.ts'
import type { CallerDeps } from './caller.ts'
import { problemOf, problemResponse } from './failure.ts'
import type { Head } from './head.ts'
import { applyLimits } from './rates.ts'
import { requireRealm } from './realms.ts'
import type { Realms } from './realms.ts'

export type ServeDeps = CallerDeps & {
  runtime: Runtime
  limiter: RateLimiter
  /** The profile the limiter runs; its windows stand in RateLimit-Policy. */
  profile: RateProfile
  realms: Realms
  /** The caller's network address as the edge saw it; undefined when it is not known. */
  addressOf: (c: Context) => string | undefined
  /**
   * Puts addresses that this caller can reach into an answer. For a server that listens on every address
   * of its machine (local/reachable.ts).
   */
  reachable?: (answer: unknown, c: Context) => unknown
  log: Pick<Log, 'error'>
}

/** A domain with its handlers, its types forgotten: what an app is put together from. */
export type Mounted = { domain: Domain; handlers: Record<string, Handler<Endpoint>> }

/** Checks that each endpoint has a handler of its type. */
export function mount<D extends Domain>(domain: D, handlers: Handlers<D>): Mounted {
  return { domain, handlers }
}

/** Adds the domain's routes to the app. */
export function serve(
  app: Hono,
  mounted: Mounted,
  deps: ServeDeps & { begin: (c: Context) => { requestId: string; headers: Head } },
): void {
  for (const [name, endpoint] of Object.entries(mounted.domain.endpoints)) {
    const handler = mounted.handlers[name]
    if (handler === undefined) throw new Error(`${mounted.domain.name}.${name} has no handler`)
    const limits = limitsOf(endpoint)
    app.on(endpoint.method, routeOf(endpoint.path), async (c) => {
      const { requestId, headers } = deps.begin(c)
      try {
        const call = await readCall(deps, endpoint, limits, c, headers)
        const answer: unknown = await handler(call)
        const sent = endpoint.cache ? answer : (deps.reachable?.(answer, c) ?? answer)
        return answerResponse(endpoint, sent, c.req.raw, headers)
      } catch (error) {
        const where = { requestId, endpoint: `${mounted.domain.name}.${name}` }
        return problemResponse(problemOf(deps.log, error, where), headers)
      }
    })
  }
}

/** `/v1/realms/{realmId}` as Hono writes it. */
function routeOf(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

type Limits = Record<Limit['by'], Limit[]>

function limitsOf({ limits }: Endpoint): Limits {
  return {
    address: limits.filter(({ by }) => by === 'address'),
    account: limits.filter(({ by }) => by === 'account'),
  }
}

async function readCall(
  deps: ServeDeps,
  endpoint: Endpoint,
  limits: Limits,
  c: Context,
  headers: Head,
): Promise<Call<Endpoint>> {
  const { limiter, profile } = deps
  const address = addressSubject(deps.addressOf(c))
  if (limits.address.length > 0) {
    await applyLimits(limiter, profile, limits.address, address, headers)
  }
  const caller = await readCaller(
    deps,
    endpoint.identity,
    deps.runtime.now(),
    c.req.header('authorization') ?? null,
  )
  const subject = subjectOf(caller)
  if (subject !== undefined && limits.account.length > 0) {
    await applyLimits(limiter, profile, limits.account, subject, headers)
  }

  const params = endpoint.params && parseInput(endpoint.params, 'params', c.req.param())
  if (typeof params?.['realmId'] === 'string') requireRealm(deps.realms, params['realmId'])
  const query = endpoint.query && parseInput(endpoint.query, 'query', c.req.query())
  const body =
    endpoint.body && parseInput(endpoint.body, 'body', await readJson(c.req.raw, endpoint.bodyFrom))
  const operation =
    endpoint.repeat === 'remembered' || endpoint.repeat === 'own'
      ? parseOperationId(c.req.header('idempotency-key'), {
          // Before there is an account the id alone names the operation: a phone changes its address.
          scope: subject ?? '',
          route: `${endpoint.method} ${endpoint.path}`,
          request: { params, query, body },
          now: deps.runtime.now(),
        })
      : undefined
  const agent = agentWords(c.req.header('user-agent'))
  return { params, query, body, caller, operation, address, agent } as Call<Endpoint>
}
