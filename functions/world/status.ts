// The state of a realm as everybody may know it.
import type { Content } from '#shared/content/content.ts'
import { findInstances, isMember } from '#shared/ownership/places.ts'
import type { InstanceEntry } from '#shared/ownership/places.ts'
import { Problem } from '#shared/problem.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../http/realms.ts'

export type StatusDeps = { store: Store; realms: Realms; content: Content }

/** Zones of a realm with how many play there. One trip a zone, side by side. */
export async function status(deps: StatusDeps, realmId: string) {
  const realm = deps.realms.list.find((one) => one.realmId === realmId)
  if (realm === undefined) throw new Problem('realm.unknown')
  const zones = await Promise.all(
    [...deps.content.zones.values()].map(async (zone) => {
      const open = (await findInstances(deps.store, realmId, zone.id)).filter(
        (entry) => entry.state === 'open',
      )
      return {
        zone: zone.id,
        name: zone.name,
        players: open.reduce((sum, entry) => sum + membersOf(entry), 0),
        capacity: open.reduce((sum, entry) => sum + entry.capacity, 0),
        instances: open.length,
      }
    }),
  )
  return { realmId, state: realm.state, zones }
}

function membersOf(entry: InstanceEntry): number {
  let members = 0
  for (const held of entry.places.values()) if (isMember(held)) members++
  return members
}
