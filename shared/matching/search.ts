// The search for a match around one ticket, for matches of up to 40 players. First it fills the teams as the tickets
// come, the oldest first; that is nearly always enough. Where it is not, it tries every combination, in the same order,
// until it has examined as many tickets as it may. What ends without being cut off is exact: there is no match.
import { matchBatchMax } from '../limits.ts'
import type { Draft } from './draft.ts'
import { createDraft, isFull, isMatch, pop, push, slotsFor, wanted } from './draft.ts'
import type { Entry } from './lineup.ts'
import { byAge } from './lineup.ts'
import { isSorted, sorted } from './order.ts'
import type { Class, Pool } from './pool.ts'
import { classOf, near, partitionOf } from './pool.ts'
import type { Stage } from './rule-set.ts'

export type Search = {
  readonly pool: Pool
  readonly now: number
  /** Tickets examined, and how many may be. */
  examined: number
  readonly limit: number
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
  if (!isEnough(pool, seed, stage)) return undefined
  const reach = stage.widths[0] ?? 0
  const ordered = isSorted(rules) ? inOrder(search, seed, reach, until) : undefined
  let batch = ordered
  const draft = createDraft(rules, stage, now, !rules.namesSlots && !mayJoinRunning(seed))
  for (const slot of slotsFor(draft, seed)) {
    if (!push(draft, seed, slot)) continue
    const wants = ({ kinds, size, backfill }: Class) => wanted(draft, kinds, size, backfill)
    const tried = draft.members.length
    const filled = fill(search, draft, ordered ?? near(pool, seed, reach, until, wants))
    if (filled.found) return draft
    if (filled.most > tried && !search.cut) {
      batch ??= collect(search, seed, reach, until)
      if (combineAll(search, draft, batch)) return draft
    }
    pop(draft)
  }
  return undefined
}

const mayJoinRunning = (seed: Entry): boolean =>
  !seed.backfill && partitionOf(seed).classes.has('backfill')

/** Whether as many wait as a match needs, in all and for each kind of team. */
export function isEnough(pool: Pool, seed: Entry, stage: Stage): boolean {
  const { classes, players } = partitionOf(seed)
  if (players < stage.minTotal) return false
  // A backfill ticket brings players into any team.
  for (const { backfill } of classes.values()) if (backfill) return true
  return pool.rules.kinds.every((slots, kind) => {
    const needs = stage.min[slots[0]!]! * slots.length
    let there = 0
    for (const { kinds, size, tickets } of classes.values()) {
      if ((kinds & (1 << kind)) !== 0) there += size * tickets
      if (there >= needs) return true
    }
    return there >= needs
  })
}

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

/** The oldest tickets of each class around the seed. What it leaves out, the search has not seen. */
function collect(search: Search, seed: Entry, reach: number, until: number): Entry[] {
  const taken = new Map<Class, number>()
  const list: Entry[] = []
  const wants = (of: Class) => {
    const open = (taken.get(of) ?? 0) < matchBatchMax
    if (!open) search.cut = true
    return open
  }
  for (const entry of near(search.pool, seed, reach, until, wants)) {
    if (!examine(search)) break
    const of = classOf(entry)
    taken.set(of, (taken.get(of) ?? 0) + 1)
    list.push(entry)
  }
  return list
}

/** The candidates in the order of the rule set. Its anchor is the oldest of them, if it is older than the seed. */
function inOrder(search: Search, seed: Entry, reach: number, until: number): Entry[] {
  const list = collect(search, seed, reach, until)
  const oldest = list[0]
  const anchor = oldest !== undefined && byAge(oldest, seed) < 0 ? oldest : seed
  return sorted(search.pool.rules, list, anchor)
}

/** Tries every combination of the candidates that fit the seed at all. */
function combineAll(search: Search, draft: Draft, batch: readonly Entry[]): boolean {
  const list = batch.filter((entry) => {
    const fits = slotsFor(draft, entry).some((slot) => push(draft, entry, slot))
    if (fits) pop(draft)
    return fits
  })
  if (!couldFill(draft, list)) return false
  /** Players from there on. */
  const left: number[] = [0]
  for (const { size } of list.toReversed()) left.unshift(size + left[0]!)
  if (!combine(search, draft, list, left, 0)) return false
  fill(search, draft, list)
  return true
}

function couldFill({ rules, stage, sizes, players }: Draft, list: readonly Entry[]): boolean {
  if (list.some(({ backfill }) => backfill)) return true
  if (players + list.reduce((sum, { size }) => sum + size, 0) < stage.minTotal) return false
  return rules.kinds.every((slots, kind) => {
    const needs = slots.reduce((sum, slot) => sum + Math.max(0, stage.min[slot]! - sizes[slot]!), 0)
    const there = list.reduce((sum, each) => sum + ((each.kinds >> kind) & 1) * each.size, 0)
    return there >= needs
  })
}

function combine(
  search: Search,
  draft: Draft,
  list: readonly Entry[],
  left: readonly number[],
  from: number,
): boolean {
  if (isFull(draft)) return false
  for (let i = from; i < list.length; i++) {
    if (draft.players + left[i]! < draft.stage.minTotal) return false
    if (!examine(search)) return false
    for (const slot of slotsFor(draft, list[i]!)) {
      if (!push(draft, list[i]!, slot)) continue
      if (isMatch(draft) || combine(search, draft, list, left, i + 1)) return true
      pop(draft)
      if (search.cut) return false
    }
  }
  return false
}
