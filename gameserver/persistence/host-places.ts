// The rows of this host in the registry of instances: its cards, their state, and its places.
//
// A private instance holds a slot: a place, under its own id, on the card that says how many of them this host takes.
// So slots are counted, reported, kept and lapse as the places of players do.
import { createBackoff } from '#shared/backoff.ts'
import { closeIfEmpty, contentMark, findInstances } from '#shared/ownership/card.ts'
import type { InstanceState } from '#shared/ownership/card.ts'
import { endPrivate, openInstance, removeCard } from '#shared/ownership/listing.ts'
import type { Place } from '#shared/ownership/places.ts'
import { isFresh } from '#shared/ownership/liveness.ts'
import { markEnded } from '#shared/ownership/private.ts'
import type { Runtime } from '#shared/runtime.ts'
import { failureOf, StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { HostIdentity } from './identity.ts'
import type { Clocks } from './lease-keeper.ts'
import type { OpenPrivate, Persistence } from './persistence.ts'
import { createPlaceKeeper } from './place-keeper.ts'
import type { PlaceKeeper } from './place-keeper.ts'
import { failed } from './store-watch.ts'
import { stayOf } from './stays.ts'
import type { Stays } from './stays.ts'

/** The outcome of a write without a condition. */
export type StoreOutcome = 'done' | 'unavailable' | 'refused'

/** Pauses between repeats of a write whose outcome is unclear. */
const repeatMs = { baseMs: 100, maxMs: 2000 }

export type HostPlaces = Pick<Persistence, 'openPrivate' | 'endPrivate' | 'closeInstance'> & {
  /** Writes the cards, state `ready`. */
  open(): Promise<void>
  /** Sets the state that placement sees of all instances of this host. */
  setState(state: InstanceState): Promise<StoreOutcome>
  /**
   * Sends nobody here any more, if no place is taken in any of its instances and its zones need none of them. After
   * `done` the host may end: whoever asks for a place is sent elsewhere.
   */
  giveBack(): Promise<StoreOutcome | 'needed'>
  /** The zone of an instance; undefined when it has ended. */
  zoneOf(instance: string): string | undefined
  /** The host's word on who is in an instance: with each checkpoint. Fails when the store does. */
  reconcile(
    instance: string,
    members: Iterable<{ characterId: string; epoch: number }>,
  ): Promise<void>
  /** The same for its slots and the private instances in them. */
  reportSlots(): Promise<void>
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
  const { bootId, realmId } = host
  const { address, protocol, oldest, region, language } = host
  /** What all its cards say. */
  const common = {
    bootId,
    address,
    protocol,
    content: contentMark(host.contentVersion),
    ...(oldest !== undefined && oldest !== protocol && { oldest }),
    ...(region !== undefined && { region }),
    ...(language !== undefined && { language }),
  }
  const refOf = ({ instance, zone }: { instance: string; zone: string }) => ({
    zone,
    bootId,
    instance,
  })
  /** What this host has a card for, by instance. */
  const cards = new Map<string, { zone: string; keeper: PlaceKeeper }>()
  const keep = (one: { instance: string; zone: string }, listed: boolean) => {
    const keeper = createPlaceKeeper({ store, runtime, clocks, realmId, ref: refOf(one), listed })
    cards.set(one.instance, { zone: one.zone, keeper })
  }
  for (const one of host.instances) keep(one, true)
  const slots = host.instances.filter(({ kind }) => kind === 'slots')
  const privates = new Map<string, OpenPrivate>()
  /** Instances that are being closed, while the others go on. */
  const closing = new Set<string>()
  let state: InstanceState = 'ready'
  /** Whether the cards may say that nobody comes in any more. */
  let givesBack = false

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
    // A private instance may have ended meanwhile.
    await cards.get(instance)?.keeper.reconcile(closing.has(instance) ? 'draining' : state, here)
  }

  async function reportSlots(): Promise<void> {
    for (const { instance } of slots) {
      const taken = [...privates.values()].filter((one) => one.slots === instance)
      const places = taken.map((one) => ({ characterId: one.instance, until: one.slotUntil }))
      const members = new Map(places.map((place) => [place.characterId, place]))
      await cards.get(instance)!.keeper.reconcile(state, members)
    }
  }

  async function report(instance: string): Promise<void> {
    const here = [...stays].filter(([, one]) => one.instance === instance)
    await reconcile(
      instance,
      here.map(([characterId, { epoch }]) => ({ characterId, epoch })),
    )
  }

  async function reportAll(): Promise<void> {
    for (const { instance } of [...host.instances, ...privates.values()]) await report(instance)
    await reportSlots()
  }

  /**
   * Of the empty hosts of a zone those with the lowest boot ids stay, so two of them that look at once do not both go:
   * the others are those that somebody plays in, or that come before this one.
   */
  async function isNeeded(): Promise<boolean> {
    for (const { zone, min = 0 } of host.instances) {
      if (min === 0) continue
      const cards = await findInstances(store, realmId, zone, { consistent: true })
      const others = cards.filter((card) => {
        const stays = card.count > 0 || card.bootId < bootId
        return (
          card.state === 'open' && card.bootId !== bootId && stays && isFresh(card, clocks.now())
        )
      })
      if (others.length < min) return true
    }
    return false
  }

  return {
    async open() {
      for (const one of host.instances) {
        const { min: _, ...known } = one
        const entry = { ...known, ...common, state }
        await openInstance(store, clocks.now(), realmId, entry)
      }
    },
    async setState(next) {
      state = next
      return await reportAll().then(() => 'done' as const, failed)
    },
    async giveBack() {
      try {
        if (!givesBack && (await isNeeded())) return 'needed'
        const refs = host.instances.map(refOf)
        // An answer may be lost. Then the cards are closed, and it stays at that.
        givesBack = true
        if (!(await closeIfEmpty(store, realmId, refs))) {
          givesBack = false
          return 'needed'
        }
      } catch (error) {
        return failed(error)
      }
      state = 'draining'
      // The copies go too. What a copy leads to refuses.
      return await reportAll().then(() => 'done' as const, failed)
    },
    zoneOf: (instance) => cards.get(instance)?.zone,
    reconcile,
    reportSlots,
    async release(instance, characterId, { ticketExpires }) {
      // A draining instance admits no character: its places end with its card.
      if (state === 'draining' || closing.has(instance)) return
      await cards.get(instance)?.keeper.release({ characterId, until: ticketExpires })
    },
    async closeInstance(instance, to) {
      const one = cards.get(instance)
      if (one === undefined) return 'done'
      closing.add(instance)
      try {
        if (to === 'closing') await report(instance)
        else {
          await removeCard(store, realmId, refOf({ instance, zone: one.zone }))
          cards.delete(instance)
        }
        return 'done'
      } catch (error) {
        return failed(error)
      }
    },
    async openPrivate(opened) {
      const { zone, instance, capacity } = opened
      keep(opened, false)
      privates.set(instance, opened)
      const kind = 'private' as const
      const entry = { zone, instance, capacity, kind, ...common, state }
      const backoff = createBackoff(runtime, repeatMs)
      for (;;) {
        try {
          await openInstance(store, clocks.now(), realmId, entry)
          return true
        } catch (error) {
          if (!(error instanceof StoreError)) throw error
          const failure = failureOf(error)
          // It stands there: an earlier try of ours, for no other host has this boot id.
          if (failure === 'condition') return true
          if (failure === 'permanent') return false
        }
        await runtime.sleep(backoff.next())
      }
    },
    async endPrivate(instance, { always }) {
      const opened = privates.get(instance)
      if (opened === undefined) return 'ended'
      try {
        const ended = await endPrivate(store, realmId, refOf(opened), { ifEmpty: !always })
        if (ended === 'taken') return ended
        await markEnded(store, realmId, instance)
      } catch (error) {
        return failed(error)
      }
      cards.delete(instance)
      privates.delete(instance)
      const { slots: at, slotUntil: until } = opened
      await cards.get(at)?.keeper.release({ characterId: instance, until })
      return 'ended'
    },
  }
}
