// The rules of an inbox, without a store. An inbox has a fixed number of slots, and a letter lies in one. So the
// bound of an inbox is the number of its rows: nothing is counted, and a letter that expires leaves its slot free.
//
// The last byte of a letter's id is its slot. Who knows the id finds the row.
import type { LetterHead } from '#shared/api/mail.ts'
import { lettersMax, realmLettersMax, systemLettersMax } from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'

/** Slots of one kind: from `first` on, `count` of them. */
export type Slots = { readonly first: number; readonly count: number }

/** Letters from players, and letters from the game: 0x00 to 0x7f in all. */
export const playerSlots: Slots = { first: 0, count: lettersMax }
export const systemSlots: Slots = { first: lettersMax, count: systemLettersMax }
/** Letters to all of a realm, from 0x80 on. */
export const realmSlots: Slots = { first: 0x80, count: realmLettersMax }

export function slotOf(letterId: string): number {
  return Number.parseInt(letterId.slice(-2), 16)
}

/** Whether it is, or would be, a letter to all of a realm. */
export function isToAll(letterId: string): boolean {
  return slotOf(letterId) >= realmSlots.first
}

/**
 * A new id for a letter in a free slot; undefined when none is free. The slot is drawn: many who write at once
 * seldom draw the same one.
 */
export function newLetterId(
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  { first, count }: Slots,
  taken: ReadonlySet<number>,
): string | undefined {
  const free = Array.from({ length: count }, (_, i) => first + i).filter((slot) => !taken.has(slot))
  if (free.length === 0) return undefined
  const [high, low] = runtime.randomBytes(2)
  const slot = free[(high! * 256 + low!) % free.length]!
  return newId(runtime).slice(0, -2) + slot.toString(16).padStart(2, '0')
}

/** What a character did with a letter to all. */
export type Handled = { letterId: string; state: 'read' | 'deleted' }

/** A letter to all of a realm. `read` is each reader's own. */
export type RealmHead = Omit<LetterHead, 'read'>

/**
 * The inbox of a character that was made at `since`, newest first and then by id. Letters to all that are older
 * than the character were not for it.
 */
export function inboxOf(
  own: readonly LetterHead[],
  toAll: readonly RealmHead[],
  handled: readonly Handled[],
  since: number,
): LetterHead[] {
  const states = new Map(handled.map(({ letterId, state }) => [letterId, state]))
  const shared = toAll.flatMap((head): LetterHead[] => {
    const state = states.get(head.letterId)
    if (head.at < since || state === 'deleted') return []
    return [{ ...head, read: state === 'read' }]
  })
  return [...own, ...shared].sort(newestFirst)
}

type Position = { at: number; letterId: string }

function newestFirst(a: Position, b: Position): number {
  return b.at - a.at || (a.letterId < b.letterId ? 1 : a.letterId > b.letterId ? -1 : 0)
}

/** A page of an inbox from behind a position on, and the position where the next one begins. */
export function pageOf(
  inbox: readonly LetterHead[],
  { limit, after }: { limit: number; after: { at: number; id: string } | undefined },
): { entries: LetterHead[]; next?: { at: number; id: string } } {
  const from = after && { at: after.at, letterId: after.id }
  const rest = from === undefined ? inbox : inbox.filter((head) => newestFirst(from, head) < 0)
  const entries = rest.slice(0, limit)
  const last = entries.at(-1)
  if (last === undefined || rest.length === entries.length) return { entries }
  return { entries, next: { at: last.at, id: last.letterId } }
}
