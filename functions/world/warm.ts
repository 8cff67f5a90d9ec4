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
import type { Log } from '#shared/telemetry/log.ts'
import { createDemand } from '../scaling/scaling.ts'
import type { DemandOf } from '../scaling/scaling.ts'
import { readNeed } from './need.ts'
import type { PlacementDeps } from './placement.ts'

export type WarmDeps = PlacementDeps & { log: Log }

/** A player who has come in does not wait for a look any longer than this, ms. */
const comerWaitsMs = 300

export type Warmer = {
  /** Somebody has come into a zone: looks at it, each ten seconds at most. Never fails. */
  came(realmId: string, zoneId: string): Promise<void>
  /** Looks at all zones. Never fails. */
  lookAtAll(realms: Iterable<string>): Promise<void>
}

/** Where nobody comes nothing needs a look: the minute's is for events, and for zones that want instances at least. */
export function createWarmer(deps: WarmDeps): Warmer {
  const { runtime, content } = deps
  const demand = createDemand(deps)
  const lookedAt = new Map<string, number>()

  async function look(realmId: string, zone: Zone): Promise<void> {
    lookedAt.set(`${realmId}/${zone.id}`, runtime.now())
    await warm(deps, demand, realmId, zone)
  }

  return {
    async came(realmId, zoneId) {
      const zone = content.zones.get(zoneId)
      const name = `${realmId}/${zoneId}`
      const last = lookedAt.get(name)
      // Of one who comes alone nothing follows.
      if (last === undefined) lookedAt.set(name, runtime.now())
      else if (zone !== undefined && Math.abs(runtime.now() - last) >= warmEveryMs) {
        await Promise.race([look(realmId, zone), runtime.sleep(comerWaitsMs)])
      }
    },
    async lookAtAll(realms) {
      for (const realmId of realms) {
        for (const zone of content.zones.values()) await look(realmId, zone)
      }
    },
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
