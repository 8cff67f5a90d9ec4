// The search for a match around one ticket, for matches of up to 40 players. First it fills the teams as the tickets
// come, the oldest first; that is nearly always enough. Where it is not, it tries every combination, in the same order,
// until it has examined as many tickets as it may. What ends without being cut off is exact: there is no match.
import type { Draft } from './draft.ts'
import { createDraft, isFull, isInReach, isMatch, pop, push, slotsFor, wanted } from './draft.ts'
import type { Entry } from './lineup.ts'
import { byAge } from './lineup.ts'
import { isSorted, sorted } from './order.ts'
import type { Class, Pool } from './pool.ts'
import { classOf, isEnoughNear, near, partitionOf } from './pool.ts'
import type { Stage } from './rule-set.ts'

export type Search = {
  readonly pool: Pool
  readonly now: number
  /** Tickets examined, and how many may be. */
  examined: number
  readonly limit: number
  /** Tickets of one class that are tried in every combination. */
  readonly batch: number
  /** It was given up: there may be a match that was not found. */
  cut: boolean
}

/** Counts one more ticket. False when it is one too many. */
export function examine(search: Search): boolean {
  if (search.examined >= search.limit) {
    search.cut = true
    return false
  }
  search.examined++
  return true
}

/** A match with `seed` by the rules of a stage, of tickets that were created until then. */
export function findSmall(
  search: Search,
  seed: Entry,
  stage: Stage,
  until: number,
): Draft | undefined {
  const { pool, now } = search
  const { rules } = pool
  if (!isEnoughNear(pool, seed, stage.widths[0] ?? 0, until, stage.needs)) return undefined
  const reach = stage.widths[0] ?? 0
  const ordered = isSorted(rules) ? inOrder(search, seed, reach, until) : undefined
  let batch = ordered
  const draft = createDraft(rules, stage, now, !rules.namesSlots && !mayJoinRunning(seed))
  for (const slot of slotsFor(draft, seed)) {
    if (!push(draft, seed, slot)) continue
    const wants = ({ kinds, size, backfill }: Class) => wanted(draft, kinds, size, backfill)
    const tried = draft.members.length
    const filled = fill(search, draft, ordered?.list ?? near(pool, seed, reach, until, wants))
    if (filled.found) return draft
    if (filled.most > tried && !search.cut) {
      batch ??= collect(search, seed, reach, until)
      const combined = combineAll(search, draft, batch.list)
      if (combined === 'found') return draft
      if (combined === 'none' && batch.short) search.cut = true
    }
    pop(draft)
  }
  return undefined
}

const mayJoinRunning = (seed: Entry): boolean =>
  !seed.backfill && partitionOf(seed).classes.has('backfill')

/**
 * Puts each candidate where it fits, and keeps the fullest match that was met. `most`: the most members that there
 * were on the way. Without a match the draft is as it was.
 */
export function fill(
  search: Search,
  draft: Draft,
  candidates: Iterable<Entry>,
): { found: boolean; most: number } {
  const began = draft.members.length
  let most = began
  let best = isMatch(draft) ? began : 0
  for (const entry of candidates) {
    if (isFull(draft) || !examine(search)) break
    if (draft.members.includes(entry)) continue
    if (!slotsFor(draft, entry).some((slot) => push(draft, entry, slot))) continue
    most = draft.members.length
    if (isMatch(draft)) best = most
  }
  while (draft.members.length > Math.max(best, began)) pop(draft)
  return { found: best > 0, most }
}

/** Candidates in the order in which they are tried. `short`: there are more of some class. */
type Batch = { list: Entry[]; short: boolean }

/** The oldest tickets of each class around the seed. */
function collect(search: Search, seed: Entry, reach: number, until: number): Batch {
  const taken = new Map<Class, number>()
  const batch: Batch = { list: [], short: false }
  const wants = (of: Class) => {
    const open = (taken.get(of) ?? 0) < search.batch
    if (!open) batch.short = true
    return open
  }
  for (const entry of near(search.pool, seed, reach, until, wants)) {
    if (!examine(search)) break
    const of = classOf(entry)
    taken.set(of, (taken.get(of) ?? 0) + 1)
    batch.list.push(entry)
  }
  return batch
}

/** The candidates in the order of the rule set. Its anchor is the oldest of them, if it is older than the seed. */
function inOrder(search: Search, seed: Entry, reach: number, until: number): Batch {
  const { list, short } = collect(search, seed, reach, until)
  const oldest = list[0]
  const anchor = oldest !== undefined && byAge(oldest, seed) < 0 ? oldest : seed
  return { list: sorted(search.pool.rules, list, anchor), short }
}

/** Tries every combination of the candidates that fit the seed at all. `impossible`: they are too few for any. */
function combineAll(
  search: Search,
  draft: Draft,
  batch: readonly Entry[],
): 'found' | 'none' | 'impossible' {
  const list = batch.filter((entry) => {
    const fits = slotsFor(draft, entry).some((slot) => push(draft, entry, slot))
    if (fits) pop(draft)
    return fits
  })
  if (!couldFill(draft, list)) return 'impossible'
  if (!combine(search, draft, list)) return 'none'
  fill(search, draft, list)
  return 'found'
}

/** Whether so many are left, in all and for each kind of team. */
function couldFill({ rules, stage, sizes, players }: Draft, list: readonly Entry[]): boolean {
  if (list.some(({ backfill }) => backfill)) return true
  if (players + playersOf(list) < stage.minTotal) return false
  return rules.kinds.every((slots, kind) => {
    const needs = slots.reduce((sum, slot) => sum + Math.max(0, stage.min[slot]! - sizes[slot]!), 0)
    const there = list.reduce((sum, each) => sum + ((each.kinds >> kind) & 1) * each.size, 0)
    return there >= needs
  })
}

export const playersOf = (list: readonly Entry[]) => list.reduce((sum, { size }) => sum + size, 0)

/** Tries the candidates in their order, each in all teams, with those after it that are still near enough. */
function combine(search: Search, draft: Draft, list: readonly Entry[]): boolean {
  if (isFull(draft) || !couldFill(draft, list)) return false
  let left = playersOf(list)
  for (const [i, entry] of list.entries()) {
    if (draft.players + left < draft.stage.minTotal) return false
    left -= entry.size
    if (!examine(search)) return false
    for (const slot of slotsFor(draft, entry)) {
      if (!push(draft, entry, slot)) continue
      if (isMatch(draft)) return true
      const rest = list.slice(i + 1).filter((each) => isInReach(draft, each))
      if (combine(search, draft, rest)) return true
      pop(draft)
      if (search.cut) return false
    }
  }
  return false
}
