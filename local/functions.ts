// All functions in one process: the same handlers that the Lambdas run, with everything they use.
import type { HttpBindings } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, Hono } from 'hono'
import { createDomainApp } from '#functions/app.ts'
import { domains } from '#functions/domains.ts'
import { recordOf } from '#functions/game/domain.ts'
import type { Health } from '#functions/http/health.ts'
import { keptBy } from '#functions/http/personal.ts'
import { declarationsOf } from '#functions/http/record.ts'
import type { DomainRecord, GivenParts, ScalingPart } from '#functions/http/record.ts'
import { buildReference } from '#functions/http/reference.ts'
import { listen as listenAs } from '#functions/start/listen.ts'
import type { Listening } from '#functions/start/listen.ts'
import type { SocketServer } from '#functions/start/sockets.ts'
import type { Realm } from '#shared/api/auth.ts'
import type { PlayerLimit } from '#shared/config.ts'
import type { Cache } from '#shared/cache/cache.ts'
import { createRateLimiter } from '#shared/cache/rate.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { EmailPart } from '#shared/email/email.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import type { Game } from '#shared/game/game.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import type { RateProfile } from '#shared/limits.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { SignInSettings } from '#shared/sign-in.ts'
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
  /** Whose routes are served. */
  game: Pick<Game, 'contentKinds' | 'personal' | 'routes' | 'tallies' | 'zone'>
  fleet: Fleet
  email: EmailPart
  signIn: SignInSettings
  scaling: ScalingPart
  realm: Realm
  playerLimits?: ReadonlyMap<string, PlayerLimit>
  /** Other origins whose pages may call the API. */
  corsOrigins: string[] | undefined
  profile: RateProfile
  health: () => Promise<Health>
  /** Those of players outside zones. */
  sockets: Sockets
  /** The port listened on. */
  port: number
  runtime: Runtime
  log: Log
}

/** What all domains are given. */
export function givenParts(
  options: Omit<FunctionsOptions, 'game'>,
  records: readonly DomainRecord[],
): GivenParts {
  const {
    store,
    cache,
    runtime,
    keys,
    loaded,
    fleet,
    email,
    signIn,
    scaling,
    realm,
    log,
    profile,
    sockets,
  } = options
  return {
    store,
    cache,
    runtime,
    limiter: createRateLimiter({ cache, store, runtime, profile }),
    realms: {
      list: [realm],
      here: new Set([realm.realmId]),
      ...(options.playerLimits && { limits: options.playerLimits }),
    },
    keys,
    log,
    signing: keys,
    content: loaded,
    fleet,
    kept: keptBy(records),
    sockets,
    email,
    signIn,
    scaling,
    // Its events have no way to a machine of one's own.
    flexMatch: undefined,
  }
}

/** The domains, that of the game with what it serves. */
export function recordsWith(game: FunctionsOptions['game']): DomainRecord[] {
  return domains.map((one) => (one.name === 'game' ? recordOf(game) : one))
}

export function createFunctions(options: FunctionsOptions): Hono {
  const { realm, profile } = options
  const wildcard = isWildcard(hostOf(realm.address))
  const records = recordsWith(options.game)
  const parts = givenParts(options, records)
  return createDomainApp(records, parts, {
    profile,
    addressOf: (c) => getConnInfo(c).remote.address,
    corsOrigins: options.corsOrigins,
    health: options.health,
    // A wildcard is no address: the page that shows the document knows its own.
    reference: buildReference(declarationsOf(records), wildcard ? '/' : realm.address),
    ...(wildcard && {
      reachable: (answer, c) => reachable(answer, arrivalOf(c), options.port),
    }),
  })
}

/** Where a request came to, as `@hono/node-server` hands it over. */
function arrivalOf(c: Context): Arrival {
  const { incoming } = c.env as HttpBindings
  return { host: c.req.header('host'), localAddress: incoming.socket.localAddress }
}

/** Listens; throws StartError when it cannot. */
export async function listen(
  app: Pick<Hono, 'fetch'>,
  host: string,
  port: number,
  sockets?: SocketServer,
): Promise<Listening> {
  return await listenAs(app, host, port, systemRuntime, { sockets }).catch((error: unknown) => {
    throw portError(host, port, error)
  })
}
