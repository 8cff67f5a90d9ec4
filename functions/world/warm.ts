// Instances that are open before players need them. The rule is that of the autoscaler (functions/scaling/demand.ts), with
// the time that a host needs which waits already: as many as have come, net, in the last half minute are expected in the
// next, and those of an event that is near. Where the room below the target is less, one more instance is opened, and one
// more at the next look if that is not enough. Each version of the protocol is looked at by itself. So is one opened where
// a zone has fewer instances than its content wants at least.
//
// It is asked for under the need that who finds no room would name (need.ts). So any number of processes may look, and
// players may ask beside them: it is one host. One that nobody comes to gives itself back (gameserver/main.ts).
import { FleetError, protocolLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Zone } from '#shared/content/content.ts'
import { warmEveryMs } from '#shared/limits.ts'
import { PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createDemand } from '../scaling/scaling.ts'
import type { DemandOf } from '../scaling/scaling.ts'
import { readNeed } from './need.ts'
import type { PlacementDeps } from './placement.ts'

export type WarmDeps = PlacementDeps & { log: Log }

/** What was seen outlives a run: without it each run would have to learn the rate of joins anew. */
const demands = new WeakMap<Store, DemandOf>()

/** Looks at all zones each ten seconds, until the signal. */
export async function keepWarm(
  deps: WarmDeps,
  realms: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, store, content } = deps
  const demand = demands.get(store) ?? createDemand(deps)
  demands.set(store, demand)
  while (!signal.aborted) {
    for (const realmId of realms) {
      for (const zone of content.zones.values()) await warm(deps, demand, realmId, zone)
    }
    await runtime.sleep(warmEveryMs, signal).catch(() => undefined)
  }
}

/** Opens an instance of a zone if one is lacking. Four trips side by side when none is. Whatever fails is tried again later. */
export async function warm(
  deps: WarmDeps,
  demand: DemandOf,
  realmId: string,
  zone: Zone,
): Promise<void> {
  const { fleet, log } = deps
  try {
    const { instances, soon } = await demand(realmId, zone)
    const isFew = instances < (zone.instances?.min ?? 0)
    const versions = [...new Set([...(isFew ? [PROTOCOL_VERSION] : []), ...soon])]
    if (versions.length === 0) return
    const { requestId, allowed } = await readNeed(deps, realmId, zone.id)
    if (!(await allowed())) return
    for (const version of versions) {
      const labels = { [zoneLabel]: zone.id, [protocolLabel(version)]: '1' }
      const host = await fleet.allocate({ requestId, labels })
      if (host === undefined) continue
      log.info('a host opens ahead of players', { zone: zone.id, gameServer: host.name, requestId })
      // One under each need: the others at the next look.
      return
    }
  } catch (cause) {
    if (!(cause instanceof StoreError) && !(cause instanceof FleetError)) throw cause
    log.warn('no host could be opened ahead of players', { zone: zone.id, cause })
  }
}
