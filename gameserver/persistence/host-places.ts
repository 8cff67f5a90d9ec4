// What the registry of instances holds of this host: its instances, their state and their members.
import { openInstance, reconcilePlaces, releasePlace } from '#shared/ownership/places.ts'
import type { InstanceState, Stay } from '#shared/ownership/places.ts'
import type { Store } from '#shared/store/store.ts'
import type { HostIdentity } from './identity.ts'
import type { Clocks } from './lease-keeper.ts'
import { failed } from './store-watch.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

/** How a write ended that has no condition of its own. */
export type StoreOutcome = 'done' | 'unavailable' | 'refused'

export type HostPlaces = {
  /** Writes the instance rows, state `ready`. */
  open(): Promise<void>
  /** What placement sees of all instances of this host from now on. */
  setState(state: InstanceState): Promise<StoreOutcome>
  /** The host's word on who is in an instance: with each checkpoint. */
  reconcile(
    instance: string,
    members: Iterable<{ characterId: string; epoch: number }>,
  ): Promise<void>
  /** Deletes a place. One that cannot be deleted now lapses at a later reconciling. */
  release(instance: string, characterId: string, stay: Stay): Promise<void>
}

export function createHostPlaces(deps: {
  store: Store
  clocks: Pick<Clocks, 'now'>
  host: HostIdentity
  stays: Stays
}): HostPlaces {
  const { store, clocks, host, stays } = deps
  const { bootId, realmId, address, protocol } = host
  const zones = new Map(host.instances.map(({ instance, zone }) => [instance, zone]))
  let state: InstanceState = 'ready'

  async function reconcile(
    instance: string,
    members: Iterable<{ characterId: string; epoch: number }>,
  ): Promise<void> {
    const here = new Map<string, Stay>()
    for (const { characterId, epoch } of members) {
      // A character that has left since the checkpoint began is no member any more.
      const stay = stayOf(stays, characterId, epoch)
      if (stay?.synthetic === false) here.set(characterId, stay)
    }
    const entry = { zone: zones.get(instance)!, bootId, instance, state }
    await reconcilePlaces(store, clocks.now(), realmId, entry, here)
  }

  return {
    async open() {
      for (const one of host.instances) {
        const entry = { ...one, bootId, address, protocol, state }
        await openInstance(store, clocks.now(), realmId, entry)
      }
    },
    async setState(next) {
      state = next
      for (const { instance } of host.instances) {
        const here = [...stays].filter(([, one]) => one.instance === instance)
        const members = here.map(([characterId, { epoch }]) => ({ characterId, epoch }))
        const ended = await reconcile(instance, members).then(() => 'done' as const, failed)
        if (ended !== 'done') return ended
      }
      return 'done'
    },
    reconcile,
    async release(instance, characterId, stay) {
      const entry = { zone: zones.get(instance)!, bootId, instance }
      await releasePlace(store, realmId, entry, characterId, stay).catch(failed)
    },
  }
}
