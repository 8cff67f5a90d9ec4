// The host's side of one instance's card and places. With each checkpoint it says that the instance lives,
// and reads one page of places: a bounded cost, however many there are. A round through all pages shows it
// - which reservations have lapsed: it releases their places;
// - which characters play here without a place: it enters their places again;
// - how many places there are, against the count on the card.
//
// The count can only be wrong after a row was deleted outside of a transaction, by its age for instance.
// Places come and go during a round. If the count changed n times, the round may be wrong by n. So it
// corrects only the part of the difference that exceeds n. In a quiet moment that is the whole difference.
import { placeLapsesMs, sweepEveryMs } from '#shared/limits.ts'
import { countOpened, renewCard, sweepRoom, writeCopy } from '#shared/ownership/card.ts'
import type { Card, InstanceRef, InstanceState } from '#shared/ownership/card.ts'
import {
  correctCount,
  jitterMs,
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

export function createPlaceKeeper(deps: {
  store: Store
  runtime: Runtime
  clocks: Pick<Clocks, 'now' | 'monotonic'>
  realmId: string
  ref: InstanceRef
}): PlaceKeeper {
  const { store, runtime, clocks, realmId, ref } = deps
  const round = createRound()
  let heartbeats = 0
  let copy: Key | undefined
  let opened = false
  let sweptAt = Number.NEGATIVE_INFINITY
  let before: Promise<void> = Promise.resolve()
  let waiting: Place[] = []
  let releasing: Promise<void> | undefined

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

  async function list(card: Card): Promise<void> {
    copy = await writeCopy(store, clocks.now(), realmId, card, copy)
    if (card.state === 'open' && !opened) {
      await countOpened(store, realmId, ref.zone)
      opened = true
    }
    if (clocks.monotonic() - sweptAt < sweepEveryMs) return
    sweptAt = clocks.monotonic()
    await sweepRoom(store, clocks.now(), realmId, ref.zone)
  }

  async function releaseLapsed(members: ReadonlyMap<string, Place>): Promise<void> {
    const lapsed = round.lapsed(clocks.monotonic(), members).slice(0, lapsedAtOnce)
    for (let from = 0; from < lapsed.length; from += releasedAtOnce) {
      const some = lapsed.slice(from, from + releasedAtOnce)
      await releasePlaces(deps, realmId, ref, some)
      for (const { characterId } of some) round.tried(characterId)
    }
  }

  /** One transaction at a time: those of one host would else meet each other on the card. */
  async function releaseWaiting(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const some = waiting.slice(0, releasedAtOnce)
        waiting = waiting.slice(releasedAtOnce)
        await releasePlaces(deps, realmId, ref, some).catch(ignoreStoreError)
      }
    } finally {
      releasing = undefined
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
    if (card === undefined) {
      // The host was declared dead and the card removed. A copy that was written beside that still leads here.
      if (copy !== undefined) await store.delete({ table: 'volatile', key: copy })
      copy = undefined
      return
    }
    const off = round.off(card)
    round.add(page, clocks.monotonic())
    await Promise.all([
      list(card),
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
    async release(place) {
      waiting.push(place)
      releasing ??= releaseWaiting()
      await releasing
    },
  }
}

function ignoreStoreError(error: unknown): void {
  if (!(error instanceof StoreError)) throw error
}

/** The findings of one round through the places of an instance. */
function createRound() {
  /** By character: until when, the round that saw it last, and when that reservation was first seen. */
  const seen = new Map<string, { until: number; round: number; since: number }>()
  /** Whose release was tried in this round. What stands at the next one is tried again. */
  const tried = new Set<string>()
  let number = 0
  let complete = true
  let cursor: string | undefined
  let counted = 0
  /** Who played here when the round began. */
  let present: ReadonlySet<string> = new Set()
  /** `changes` of the last card, of the last one before the round, and a round that waits for the next card. */
  let changes: number | undefined
  let changesBefore: number | undefined
  let finished: { counted: number; changesBefore: number } | undefined

  return {
    /** Begins anew if the round before is complete. */
    begin(members: ReadonlyMap<string, Place>): void {
      if (!complete) return
      number++
      complete = false
      tried.clear()
      cursor = undefined
      counted = 0
      changesBefore = changes
      present = new Set(members.keys())
    },
    after: () => cursor,
    /** By how much the count of a card, read after a complete round, is off for certain. */
    off(card: Card): number {
      changes = card.changes
      if (finished === undefined) return 0
      const slack = card.changes - finished.changesBefore
      const off = finished.counted - card.count
      finished = undefined
      return Math.abs(off) <= slack ? 0 : off - Math.sign(off) * slack
    },
    /** `now`: monotonic. */
    add({ places, more }: { places: Place[]; more: boolean }, now: number): void {
      for (const { characterId, until } of places) {
        const before = seen.get(characterId)
        const since = before?.until === until ? before.since : now
        seen.set(characterId, { until, round: number, since })
      }
      counted += places.length
      cursor = places.at(-1)?.characterId
      if (more) return
      complete = true
      if (changesBefore !== undefined) finished = { counted, changesBefore }
      for (const [id, { round }] of seen) if (round !== number) seen.delete(id)
    },
    /** `until` is by the clock of a function, so how long the place has been seen decides. `now`: monotonic. */
    lapsed: (now: number, members: ReadonlyMap<string, Place>): Place[] =>
      [...seen]
        .filter(
          ([id, { since }]) => now - since > placeLapsesMs && !tried.has(id) && !members.has(id),
        )
        .map(([characterId, { until }]) => ({ characterId, until })),
    tried(characterId: string): void {
      tried.add(characterId)
    },
    /** Members whose place a complete round has not met. */
    missing: (members: ReadonlyMap<string, Place>): Place[] =>
      complete
        ? [...members.values()].filter(
            ({ characterId }) => present.has(characterId) && !seen.has(characterId),
          )
        : [],
  }
}
