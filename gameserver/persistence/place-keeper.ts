// The host's side of one instance's card and places. With each checkpoint it says that the instance lives,
// and reads one page of places: a bounded cost, however many there are. A round through all pages shows it
// - which reservations have lapsed: it releases their places;
// - which characters play here without a place: it enters their places again;
// - by how much the count on the card is wrong for certain (place-round.ts): it corrects that.
import { jitterMs } from '#shared/backoff.ts'
import { sweepEveryMs } from '#shared/limits.ts'
import { renewCard } from '#shared/ownership/card.ts'
import type { Card, InstanceRef, InstanceState } from '#shared/ownership/card.ts'
import { countOpened, sweepRoom, writeCopy } from '#shared/ownership/listing.ts'
import {
  correctCount,
  readPlaces,
  releasedAtOnce,
  releasePlaces,
  restorePlace,
} from '#shared/ownership/places.ts'
import type { Place } from '#shared/ownership/places.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Key, Store } from '#shared/store/store.ts'
import type { Clocks } from './lease-keeper.ts'
import { createRound } from './place-round.ts'

/** Places read with one checkpoint: two read units. A hub of 500 is through after 40 s. */
const pagePlaces = 50
/** Lapsed places released with one checkpoint, in two transactions. */
const lapsedAtOnce = 2 * releasedAtOnce
/** Places entered again with one checkpoint. */
const restoredAtOnce = 8
/** How often a heartbeat is repeated that met a transaction on the card, and how long it waits before, ms. */
const heartbeatRepeats = 4
const heartbeatWaitMs = 20

export type PlaceKeeper = {
  /** Reports the instance, with each checkpoint. `members`: who plays in it. Fails when the store does. */
  reconcile(state: InstanceState, members: ReadonlyMap<string, Place>): Promise<void>
  /** Releases a place if it still belongs to that reservation. Never fails: an unreleased place lapses. */
  release(place: Place): Promise<void>
}

type Deps = {
  store: Store
  runtime: Runtime
  clocks: Pick<Clocks, 'now' | 'monotonic'>
  realmId: string
  ref: InstanceRef
  /** Whether newcomers find it by themselves; a private one is found by its members alone. */
  listed: boolean
}

export function createPlaceKeeper(deps: Deps): PlaceKeeper {
  const { store, runtime, clocks, realmId, ref } = deps
  const round = createRound()
  const listing = deps.listed ? createListing(deps) : unlisted
  let heartbeats = 0
  let before: Promise<void> = Promise.resolve()

  async function heartbeat(state: InstanceState, players: number): Promise<Card | undefined> {
    for (let repeats = 0; ; repeats++) {
      try {
        const word = { state, players, number: ++heartbeats }
        return await renewCard(store, clocks.now(), realmId, ref, word)
      } catch (error) {
        const met = error instanceof StoreError && error.kind === 'conflict'
        if (!met || repeats === heartbeatRepeats) throw error
        await runtime.sleep(jitterMs(runtime, heartbeatWaitMs))
      }
    }
  }

  async function releaseLapsed(members: ReadonlyMap<string, Place>): Promise<void> {
    const lapsed = round.lapsed(clocks.monotonic(), members).slice(0, lapsedAtOnce)
    for (let from = 0; from < lapsed.length; from += releasedAtOnce) {
      const some = lapsed.slice(from, from + releasedAtOnce)
      await releasePlaces(deps, realmId, ref, some)
      for (const { characterId } of some) round.tried(characterId)
    }
  }

  async function reconcile(
    state: InstanceState,
    members: ReadonlyMap<string, Place>,
  ): Promise<void> {
    round.begin(members)
    const [card, page] = await Promise.all([
      heartbeat(state, members.size),
      readPlaces(store, realmId, ref, pagePlaces, round.after()),
    ])
    // The host was declared dead and the card removed. A copy that was written beside that still leads here.
    if (card === undefined) return await listing.remove()
    const off = round.off(card)
    round.add(page, clocks.monotonic())
    await Promise.all([
      listing.update(card),
      off === 0 ? undefined : correctCount(store, realmId, ref, off, card.changes),
      releaseLapsed(members),
    ])
    for (const place of round.missing(members).slice(0, restoredAtOnce)) {
      await restorePlace(store, realmId, ref, place, card.capacity)
    }
  }

  return {
    async reconcile(state, members) {
      // One at a time, or a page would be counted twice.
      const turn = before.then(async () => await reconcile(state, members))
      before = turn.catch(() => undefined)
      await turn
    },
    release: createReleases(deps),
  }
}

const unlisted = { update: async () => {}, remove: async () => {} }

/** The copy of the card, where newcomers look. */
function createListing({ store, clocks, realmId, ref }: Deps) {
  let copy: Key | undefined
  let opened = false
  let sweptAt = Number.NEGATIVE_INFINITY
  return {
    async update(card: Card): Promise<void> {
      copy = await writeCopy(store, clocks.now(), realmId, card, copy)
      if (card.state === 'open' && !opened) {
        await countOpened(store, realmId, ref.zone)
        opened = true
      }
      if (clocks.monotonic() - sweptAt < sweepEveryMs) return
      sweptAt = clocks.monotonic()
      await sweepRoom(store, clocks.now(), realmId, ref.zone)
    },
    async remove(): Promise<void> {
      if (copy !== undefined) await store.delete({ table: 'volatile', key: copy })
      copy = undefined
    },
  }
}

/** One transaction at a time: those of one host would else meet each other on the card. */
function createReleases(deps: Deps): (place: Place) => Promise<void> {
  let waiting: Place[] = []
  let releasing: Promise<void> | undefined

  async function releaseWaiting(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const some = waiting.slice(0, releasedAtOnce)
        waiting = waiting.slice(releasedAtOnce)
        await releasePlaces(deps, deps.realmId, deps.ref, some).catch(ignoreStoreError)
      }
    } finally {
      releasing = undefined
    }
  }

  return async (place) => {
    waiting.push(place)
    releasing ??= releaseWaiting()
    await releasing
  }
}

function ignoreStoreError(error: unknown): void {
  if (!(error instanceof StoreError)) throw error
}
