// Any bundle of domains as one Hono app: all in one process here, one a Lambda in the cloud.
import { Hono } from 'hono'
import type { Context } from 'hono'
import { createHostKeys } from '#shared/keys/host.ts'
import { readHostKey } from '#shared/ownership/lease.ts'
import { hintedStore } from '#shared/presence/hinted-store.ts'
import { Problem } from '#shared/problem.ts'
import { createPush } from '#shared/push/push.ts'
import { createCrossOrigin } from './http/cross-origin.ts'
import { problemOf, problemResponse } from './http/failure.ts'
import { createHead, createRequestIds, securityHeaders } from './http/head.ts'
import { mountHealth } from './http/health.ts'
import type { Health } from './http/health.ts'
import { mountDomains } from './http/record.ts'
import type { AllParts, DomainRecord, GivenParts } from './http/record.ts'
import type { Reference } from './http/reference.ts'
import { serve } from './http/serve.ts'
import type { Mounted, ServeDeps } from './http/serve.ts'

export type AppOptions = ServeDeps & {
  domains: Mounted[]
  health?: () => Promise<Health>
  /** The domains whose health it reports, by name. */
  healthOf?: readonly string[]
  /** The OpenAPI document and its page, built ahead; a Lambda does without. */
  reference?: Reference
  /** Other origins whose pages may call the API, or `*`. Default none. */
  corsOrigins?: string[]
}

/** What differs by where an app runs. */
export type Edge = Pick<
  AppOptions,
  'profile' | 'addressOf' | 'reachable' | 'corsOrigins' | 'health' | 'reference'
>

/** An app of domains by their records. */
export function createDomainApp(
  records: readonly DomainRecord[],
  given: GivenParts,
  edge: Edge,
): Hono {
  const parts = partsOf(given)
  const { store, runtime, limiter, realms, keys, log } = parts
  return createApp({
    domains: mountDomains(records, parts),
    healthOf: records.map(({ name }) => name),
    runtime,
    verifyKeys: keys.find,
    hostKeys: createHostKeys({ runtime, publicKeyOf: (bootId) => readHostKey(store, bootId) }),
    limiter,
    realms,
    log,
    ...edge,
  })
}

/** All that domains are given. */
export function partsOf<Given extends GivenParts>(given: Given): Given & AllParts {
  const push = createPush(given)
  return { ...given, push, store: hintedStore(given.store, push) }
}

/** Routes may be added to the app until its first request. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono()
  const crossOrigin = options.corsOrigins && createCrossOrigin(options.corsOrigins)
  if (crossOrigin !== undefined) {
    app.options('*', (c) => {
      const headers = crossOrigin.preflightFor(c.req.header('origin'))
      return new Response(null, { status: 204, headers })
    })
  }
  const nextRequestId = createRequestIds(options.runtime)
  const begin = (c: Context) => {
    const requestId = nextRequestId()
    return {
      requestId,
      headers: createHead(requestId, crossOrigin?.headersFor(c.req.header('origin'))),
    }
  }
  const { health, healthOf = [] } = options
  const domains = [...options.domains, ...(health ? [mountHealth(health, healthOf)] : [])]
  for (const mounted of domains) serve(app, mounted, { ...options, begin })
  if (options.reference) serveReference(app, options.reference)

  const routes = [
    ...declaredRoutes(domains),
    {
      pattern: /^\/(?:docs|openapi\.json|protocol\/vectors\.json)$/,
      methods: options.reference ? ['GET', 'HEAD'] : [],
    },
  ].filter(({ methods }) => methods.length > 0)
  app.notFound((c) => {
    const { headers } = begin(c)
    const methods = routes.find((route) => route.pattern.test(c.req.path))?.methods
    if (methods === undefined) return problemResponse(new Problem('route.not_found'), headers)
    headers['allow'] = methods.join(', ')
    return problemResponse(new Problem('route.method_not_allowed'), headers)
  })
  app.onError((error, c) => {
    const { requestId, headers } = begin(c)
    const where = { requestId, path: c.req.routePath }
    return problemResponse(problemOf(options.log, error, where), headers)
  })
  return app
}

/** The methods that each declared path takes: an answer 405 names them, and the router does not have them. */
function declaredRoutes(domains: Mounted[]): { pattern: RegExp; methods: string[] }[] {
  const methodsOf = new Map<string, string[]>()
  for (const { domain } of domains) {
    for (const { method, path } of Object.values(domain.endpoints)) {
      const methods = methodsOf.get(path) ?? []
      methodsOf.set(path, methods)
      methods.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]))
    }
  }
  return [...methodsOf].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
    methods,
  }))
}

function serveReference(app: Hono, reference: Reference): void {
  // Public, and read by tools in pages of any origin.
  const type = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
  const headers = { ...securityHeaders, ...type }
  app.get('/openapi.json', () => new Response(reference.document, { headers }))
  app.get('/protocol/vectors.json', () => new Response(reference.vectors, { headers }))
  app.get('/docs', (c) =>
    c.html(reference.page, 200, {
      ...securityHeaders,
      'referrer-policy': 'no-referrer',
      'content-security-policy': reference.policy,
    }),
  )
}
