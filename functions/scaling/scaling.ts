// How many hosts a fleet is to have: those in play, and those that wait ahead of players (demand.ts), within bounds.
//
// There is an answer whatever fails. Without the registry it is the number that the fleet has: nothing starts and
// nothing ends for a fault of ours. Only when nobody answers, Agones takes its own buffer (agones/autoscalers.yaml).
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FleetAnswer, FleetReview } from '#shared/api/scaling.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { Problem } from '#shared/problem.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { hostsOf } from './demand.ts'
import type { DemandOf } from './demand.ts'

/** For who opens instances ahead of players: functions/world. */
export { createDemand } from './demand.ts'
export type { DemandOf } from './demand.ts'

export type ScalingDeps = {
  content: Content
  demand: DemandOf
  /** SHA-256 of the secrets that open it, in hex. */
  hashes: readonly string[]
  log: Log
}

/** Throws route.not_found for a secret that is none: nothing says that there is something. */
export function requireSecret({ hashes }: Pick<ScalingDeps, 'hashes'>, secret: string): void {
  const given = createHash('sha256').update(secret).digest()
  const known = hashes.filter((hash) => timingSafeEqual(given, Buffer.from(hash, 'hex')))
  if (known.length === 0) throw new Problem('route.not_found')
}

/** The answer to a review. It knows no refusal: a fleet of no zone keeps what it has. */
export async function reviewFleet(
  deps: ScalingDeps,
  realmId: string,
  { uid, name, labels, status }: FleetReview,
): Promise<FleetAnswer> {
  const zone = deps.content.zones.get(labels?.[zoneLabel] ?? name)
  if (zone === undefined) deps.log.warn('a fleet of no zone asks for hosts', { fleet: name })
  const replicas =
    zone === undefined ? status.replicas : await hostsFor(deps, realmId, zone, status)
  return { uid, scale: replicas !== status.replicas, replicas }
}

async function hostsFor(
  deps: ScalingDeps,
  realmId: string,
  zone: Zone,
  { replicas, allocatedReplicas, reservedReplicas }: FleetReview['status'],
): Promise<number> {
  const { min, max } = hostsOf(zone)
  const inPlay = allocatedReplicas + reservedReplicas
  // In play counts for more than the bound: who lowered it below ends no game by that, and no host is added.
  const within = (hosts: number) => Math.max(inPlay, Math.min(max, Math.max(min, hosts)))
  try {
    const { waiting, watched } = await deps.demand(realmId, zone)
    const wanted = inPlay + waiting
    return within(watched ? wanted : Math.max(wanted, replicas))
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    deps.log.error('the registry does not answer: a fleet keeps its hosts', {
      zone: zone.id,
      cause,
    })
    return within(replicas)
  }
}
