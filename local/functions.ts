// All functions in one process: the same handlers that the Lambdas run, with everything they use.
import type { HttpBindings } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, Hono } from 'hono'
import { createApp } from '#functions/app.ts'
import type { Health } from '#functions/http/health.ts'
import { adminRoutes } from '#functions/admin/routes.ts'
import { isSynthetic, requireSession } from '#functions/auth/auth.ts'
import { createHasher } from '#functions/auth/passwords.ts'
import { authRoutes } from '#functions/auth/routes.ts'
import { characterRoutes } from '#functions/characters/routes.ts'
import { contentRoutes } from '#functions/content/routes.ts'
import { gameDomains, mountGame } from '#functions/game/routes.ts'
import { listen as listenAs } from '#functions/start/listen.ts'
import type { Listening } from '#functions/start/listen.ts'
import { buildReference } from '#functions/http/reference.ts'
import { mount } from '#functions/http/serve.ts'
import { internalRoutes } from '#functions/internal/routes.ts'
import { worldRoutes } from '#functions/world/routes.ts'
import { api } from '#shared/api/api.ts'
import type { Realm } from '#shared/api/auth.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { createHostKeys } from '#shared/keys/host.ts'
import { readHostKey } from '#shared/ownership/lease.ts'
import { createHint } from '#shared/ownership/hint.ts'
import type { RateProfile } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { systemRuntime } from '#shared/system.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { hostOf, isWildcard } from '#shared/authority.ts'
import { portError } from './port-check.ts'
import { reachable } from './reachable.ts'
import type { Arrival } from './reachable.ts'

export type FunctionsOptions = {
  store: Store
  cache: Cache
  keys: KeyRing
  loaded: LoadedContent
  fleet: Fleet
  realm: Realm
  /** Other origins whose pages may call the API. */
  corsOrigins: string[] | undefined
  profile: RateProfile
  health: () => Promise<Health>
  /** The port listened on. */
  port: number
  runtime: Runtime
  log: Log
}

export function createFunctions(options: FunctionsOptions): Hono {
  const { store, runtime, keys, loaded, realm, log, profile } = options
  const { content } = loaded
  const realms = { list: [realm], here: new Set([realm.realmId]) }
  const limiter = createRateLimiter({ cache: options.cache, store, runtime, profile })
  const hasher = createHasher(runtime)
  const hint = createHint(options.cache)
  const wildcard = isWildcard(hostOf(realm.address))
  const domains = [
    mount(api.auth, authRoutes({ store, runtime, keys, realms, hasher, limiter })),
    mount(api.characters, characterRoutes({ store, runtime, content })),
    mount(
      api.world,
      worldRoutes({
        store,
        runtime,
        realms,
        content,
        fleet: options.fleet,
        signingKey: () => keys.signing(),
        verifyKeys: keys.verify,
        hint,
        requireSession: (player) => requireSession({ store, runtime }, player),
        isSynthetic: (accountId) => isSynthetic(keys, accountId),
      }),
    ),
    mount(api.content, contentRoutes(loaded)),
    mount(api.admin, adminRoutes({ store, runtime, realms, content, fleet: options.fleet, hint })),
    mount(api.internal, internalRoutes({ store, runtime, realms })),
    ...mountGame({ store, runtime, content }),
  ]
  const info = {
    title: 'Waystone',
    version: '1',
    description: 'The backend of a world: accounts, characters, the way in.',
    // A wildcard is no address: the page that shows the document knows its own.
    serverUrl: wildcard ? '/' : realm.address,
  }
  return createApp({
    domains,
    runtime,
    verifyKeys: keys.verify,
    hostKeys: createHostKeys({ runtime, publicKeyOf: (bootId) => readHostKey(store, bootId) }),
    limiter,
    profile,
    realms,
    log,
    addressOf: (c) => getConnInfo(c).remote.address,
    ...(wildcard && {
      reachable: (answer, c) => reachable(answer, arrivalOf(c), options.port),
    }),
    corsOrigins: options.corsOrigins,
    health: options.health,
    reference: buildReference([...Object.values(api), ...gameDomains], info),
  })
}

/** Where a request came to, as `@hono/node-server` hands it over. */
function arrivalOf(c: Context): Arrival {
  const { incoming } = c.env as HttpBindings
  return { host: c.req.header('host'), localAddress: incoming.socket.localAddress }
}

/** Listens; throws StartError when it cannot. */
export async function listen(app: Hono, host: string, port: number): Promise<Listening> {
  return await listenAs(app, host, port, systemRuntime).catch((error: unknown) => {
    throw portError(host, port, error)
  })
}
