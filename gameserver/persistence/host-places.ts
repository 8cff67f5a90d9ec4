// The rows of this host in the registry of instances: its cards, their state, and its places.
import type { InstanceState } from '#shared/ownership/card.ts'
import { openInstance } from '#shared/ownership/listing.ts'
import type { Place } from '#shared/ownership/places.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { HostIdentity } from './identity.ts'
import type { Clocks } from './lease-keeper.ts'
import { createPlaceKeeper } from './place-keeper.ts'
import { failed } from './store-watch.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

/** The outcome of a write without a condition. */
export type StoreOutcome = 'done' | 'unavailable' | 'refused'

export type HostPlaces = {
  /** Writes the cards, state `ready`. */
  open(): Promise<void>
  /** Sets the state that placement sees of all instances of this host. */
  setState(state: InstanceState): Promise<StoreOutcome>
  /** The host's word on who is in an instance: with each checkpoint. Fails when the store does. */
  reconcile(
    instance: string,
    members: Iterable<{ characterId: string; epoch: number }>,
  ): Promise<void>
  /** Releases a place. Never fails: one that cannot be released now lapses later. */
  release(instance: string, characterId: string, stay: { ticketExpires: number }): Promise<void>
}

export function createHostPlaces(deps: {
  store: Store
  runtime: Runtime
  clocks: Pick<Clocks, 'now' | 'monotonic'>
  host: HostIdentity
  stays: Stays
}): HostPlaces {
  const { store, runtime, clocks, host, stays } = deps
  const { bootId, realmId, address, protocol } = host
  const keepers = new Map(
    host.instances.map(({ instance, zone }) => {
      const ref = { zone, bootId, instance }
      return [instance, createPlaceKeeper({ store, runtime, clocks, realmId, ref })]
    }),
  )
  let state: InstanceState = 'ready'

  async function reconcile(
    instance: string,
    members: Iterable<{ characterId: string; epoch: number }>,
  ): Promise<void> {
    const here = new Map<string, Place>()
    for (const { characterId, epoch } of members) {
      // A character that has left since the checkpoint began is no member any more.
      const stay = stayOf(stays, characterId, epoch)
      if (stay?.synthetic !== false) continue
      here.set(characterId, { characterId, until: stay.ticketExpires })
    }
    await keepers.get(instance)!.reconcile(state, here)
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
    async release(instance, characterId, { ticketExpires }) {
      // A draining instance admits no character: its places end with its card.
      if (state === 'draining') return
      await keepers.get(instance)!.release({ characterId, until: ticketExpires })
    },
  }
}
