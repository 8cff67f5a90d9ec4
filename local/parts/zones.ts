// The zone hosts.
import { hostOf } from '#shared/authority.ts'
import type { Config } from '#shared/config.ts'
import { gameFolder } from '#shared/game/folder.ts'
import { endLease } from '#shared/ownership/lease.ts'
import { startLocalFleet } from '../fleet/local-fleet.ts'
import type { LocalFleet } from '../fleet/local-fleet.ts'
import { hostEnvironment } from '../host-environment.ts'
import type { Ground } from './ground.ts'
import type { Stores } from './stores.ts'

/** Zone hosts save within this, ms; with bots, marks and database a stop stays under 10 s. */
export const hostGraceMs = 6000
/** Agones' own default. */
const healthPeriodS = 5

export async function startZones(ground: Ground, stores: Stores): Promise<LocalFleet> {
  const { config, env, dataDir, guardian, runtime, log } = ground
  const { store, redis } = stores
  // Processes start and end in the machine's time, however fast the world's runs.
  const speed = config.WAYSTONE_SPEED
  const fleet = await startLocalFleet({
    host: config.HOST,
    // Players reach hosts at the address of the API.
    address: hostOf(ground.url),
    fleets: ground.fleets,
    env: hostEnvironment(env, {
      WAYSTONE_GAME: gameFolder(process.env),
      WAYSTONE_DYNAMODB_URL: stores.database,
      UPSTASH_REDIS_REST_URL: redis.url,
      UPSTASH_REDIS_REST_TOKEN: redis.token,
      WAYSTONE_SOCKETS_SECRET: ground.socketsSecret,
      // On this machine, whatever address players use.
      WAYSTONE_PUBLIC_URL: ground.apiHere,
      ...zoneOrigins(config),
    }),
    dataDir,
    markEnded: (bootId) => endLease(store, bootId),
    runtime,
    log,
    guardian: {
      add: (pid) => guardian.add('host', pid),
      remove: (pid) => guardian.remove(pid),
    },
    graceMs: hostGraceMs * speed,
    // The first ping is due after one period. After so many more without one the host is Unhealthy.
    health: {
      periodSeconds: healthPeriodS,
      failureThreshold: Math.ceil((config.WAYSTONE_FLEET_PATIENCE * speed) / healthPeriodS) - 1,
    },
  })
  ground.onStop('fleet', () => fleet.stop())
  return fleet
}

/** Hosts also let in pages of the public address. Nothing else names it to them. */
function zoneOrigins({ WAYSTONE_PUBLIC_URL: url, WAYSTONE_CORS: cors = [] }: Config) {
  if (url === undefined || cors.includes('*')) return {}
  return { WAYSTONE_CORS: [...cors, new URL(url).origin].join(',') }
}
