// What a round through all places of an instance finds, page by page (place-keeper.ts says what for).
//
// The count on the card can only be wrong after a row was deleted outside of a transaction, by its age for
// instance. Places come and go during a round. If the count changed n times, the round may be wrong by n. So
// only the part of the difference that exceeds n is certain. In a quiet moment that is the whole difference.
import { placeLapsesMs } from '#shared/limits.ts'
import type { Card } from '#shared/ownership/card.ts'
import type { Place, PlacesPage } from '#shared/ownership/places.ts'

export function createRound() {
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
    add({ places, rows, last, more }: PlacesPage, now: number): void {
      for (const { characterId, until } of places) {
        const before = seen.get(characterId)
        const since = before?.until === until ? before.since : now
        seen.set(characterId, { until, round: number, since })
      }
      counted += rows
      cursor = last
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
