// The matcher of one rule set: which tickets wait, and which of them are a match. It has no clock and no chance: the
// same calls give the same matches.
//
// A match that was not possible before must hold a ticket that is new, or that has just grown old enough for the rules
// to relax for it. So a *pass* looks around such tickets alone, the oldest of them first. What it costs depends on what
// has changed, not on how many wait. docs/matchmaking.md has what is promised about the order.
import { matchBatchMax, matchPassMax, matchSearchCeiling, matchSearchMax } from '../limits.ts'
import { balance } from './balance.ts'
import type { Draft } from './draft.ts'
import { ownStage } from './draft.ts'
import { prepare } from './entry.ts'
import type { Refusal } from './entry.ts'
import type { Heap } from './heap.ts'
import { add as addTo, createHeap, keep, takeFirst } from './heap.ts'
import { findLarge } from './large.ts'
import type { Entry } from './lineup.ts'
import { byAge } from './lineup.ts'
import type { MatchTicket } from './match-ticket.ts'
import { createPool, near, put, take } from './pool.ts'
import type { Pool } from './pool.ts'
import { stageAt } from './rule-set.ts'
import type { RuleSet } from './rule-set.ts'
import { regionsWithin } from './latency.ts'
import { findSmall } from './search.ts'
import type { Search } from './search.ts'

export type Matcher = {
  readonly rules: RuleSet
  readonly pool: Pool
  readonly entries: Map<string, Entry>
  /** The ticket of each player who waits. Players of backfill tickets play already and are not here. */
  readonly waiting: Map<string, string>
  /** When a ticket reaches its next stage. */
  readonly timers: Heap<{ at: number; entry: Entry }>
  /** Tickets to search around. */
  readonly changed: Heap<Entry>
  /** Tickets around which the search was given up, in the order in which that happened. */
  readonly givenUp: Set<Entry>
  arrivals: number
  /** How long the last matched tickets waited, ms. */
  readonly waits: number[]
}

export type Match = {
  /** The oldest first. */
  readonly tickets: readonly MatchTicket[]
  readonly teams: readonly { name: string; playerIds: readonly string[] }[]
  /** Regions that suit all of them, the fastest first. Empty where nobody named one. */
  readonly regions: readonly string[]
  /** The running match that these tickets join. */
  readonly backfill: string | undefined
  /** At which age the rules were that it fulfils, seconds: 0 where nothing had relaxed. */
  readonly relaxedSeconds: number
}

export type Pass = {
  readonly matches: readonly Match[]
  /** Tickets examined. */
  readonly examined: number
  /** Tickets around which it did not get to search: the next pass does. */
  readonly left: number
}

/** So many waits are remembered. */
const waitsKept = 128

export function createMatcher(rules: RuleSet): Matcher {
  return {
    rules,
    pool: createPool(rules),
    entries: new Map(),
    waiting: new Map(),
    timers: createHeap((a, b) => a.at - b.at || byAge(a.entry, b.entry)),
    changed: createHeap(byAge),
    givenUp: new Set(),
    arrivals: 0,
    waits: [],
  }
}

/** Lets a ticket wait. Undefined, or why it may not. */
export function add(matcher: Matcher, ticket: MatchTicket): Refusal | undefined {
  const { rules, pool, entries, waiting } = matcher
  if (entries.has(ticket.ticketId)) return { code: 'ticket.known' }
  for (const { playerId } of ticket.backfill ? [] : ticket.players) {
    const ticketId = waiting.get(playerId)
    if (ticketId !== undefined) return { code: 'player.waiting', playerId, ticketId }
  }
  const prepared = prepare(rules, ticket, matcher.arrivals)
  if ('refusal' in prepared) return prepared.refusal
  matcher.arrivals++
  const { entry } = prepared
  entries.set(ticket.ticketId, entry)
  if (!ticket.backfill) {
    for (const { playerId } of ticket.players) waiting.set(playerId, ticket.ticketId)
  }
  put(pool, entry)
  mark(matcher, entry)
  addTo(matcher.timers, { at: entry.createdAt, entry })
  return undefined
}

/** Takes a ticket out. False when it does not wait, for it is in a match already, or was never there. */
export function cancel(matcher: Matcher, ticketId: string): boolean {
  const entry = matcher.entries.get(ticketId)
  if (entry === undefined) return false
  remove(matcher, entry)
  return true
}

function remove(matcher: Matcher, entry: Entry): void {
  const { ticket } = entry
  take(matcher.pool, entry)
  matcher.givenUp.delete(entry)
  matcher.entries.delete(ticket.ticketId)
  if (!ticket.backfill) {
    for (const { playerId } of ticket.players) matcher.waiting.delete(playerId)
  }
  // Heaps keep what has gone until its turn comes, so they are swept when most of what they hold has gone.
  for (const heap of [matcher.changed, matcher.timers]) {
    if (heap.items.length > 2 * matcher.entries.size + 1024) sweep(matcher)
  }
}

function sweep({ changed, timers }: Matcher): void {
  keep(changed, isWaiting)
  keep(timers, ({ entry }) => isWaiting(entry))
}

const isWaiting = (entry: Entry): boolean => entry.cell !== undefined

function mark({ changed }: Matcher, entry: Entry): void {
  if (entry.pending) return
  entry.pending = true
  addTo(changed, entry)
}

/**
 * Makes the matches that are possible at `now`, Unix ms, and takes their tickets out. Examines about `budget` tickets;
 * what it did not get to is first in the next pass.
 */
export function pass(matcher: Matcher, now: number, budget = matchPassMax): Pass {
  const { changed } = matcher
  wake(matcher, now)
  const matches: Match[] = []
  let examined = 0
  while (examined < budget) {
    const entry = takeFirst(changed)
    if (entry === undefined) break
    entry.pending = false
    if (isWaiting(entry)) examined += visit(matcher, entry, now, matches)
  }
  // Who is given up again waits for the next pass.
  const again = [...matcher.givenUp]
  for (const entry of again) {
    if (examined >= budget) break
    // One before it may have taken it into a match.
    if (!matcher.givenUp.delete(entry)) continue
    entry.searched = -1
    examined += visit(matcher, entry, now, matches)
  }
  return { matches, examined, left: changed.items.filter(isWaiting).length }
}

/** Marks the tickets that have reached another stage. */
function wake(matcher: Matcher, now: number): void {
  const { rules, timers } = matcher
  while (timers.items[0] !== undefined && timers.items[0].at <= now) {
    const { entry } = takeFirst(timers)!
    if (!isWaiting(entry)) continue
    entry.stage = stageAt(rules, now - entry.createdAt)
    if (entry.stage > entry.searched) mark(matcher, entry)
    const next = rules.stages[entry.stage + 1]
    if (next !== undefined) addTo(timers, { at: entry.createdAt + next.fromMs, entry })
  }
}

/** Looks for a match around a ticket, at each stage that is new to it. Returns how many tickets it examined. */
function visit(matcher: Matcher, entry: Entry, now: number, matches: Match[]): number {
  const { rules, pool } = matcher
  const limit = Math.min(matchSearchMax * 2 ** entry.givenUp, matchSearchCeiling)
  const batch = matchBatchMax * 2 ** entry.givenUp
  const search: Search = { pool, now, examined: 0, limit, batch, cut: false }
  const find = rules.large ? findLarge : findSmall
  for (const index of stagesFor(matcher, entry, now)) {
    const stage = rules.stages[index]!
    // The newest ticket of a match says which rules hold, so younger ones do not count here.
    const until = rules.selection === 'newest' && index > 0 ? now - stage.fromMs : Infinity
    const draft = find(search, entry, stage, until)
    if (draft === undefined) continue
    balance(draft)
    matches.push(commit(matcher, draft, now))
    return search.examined
  }
  entry.searched = entry.stage
  if (search.cut && limit < matchSearchCeiling) {
    entry.givenUp++
    matcher.givenUp.add(entry)
  } else {
    entry.givenUp = 0
    matcher.givenUp.delete(entry)
  }
  // A search that examines nobody costs something too.
  return search.examined + 1
}

/**
 * The stages at which a match with this ticket may be new. By the newest ticket's age: those that it has reached since
 * it was searched, the strict ones first. By the oldest one's: its own, and at first those of all that are older.
 */
function stagesFor({ rules, pool }: Matcher, entry: Entry, now: number): number[] {
  const { stage, searched } = entry
  if (rules.selection === 'newest')
    return Array.from({ length: stage - searched }, (_, i) => searched + 1 + i)
  if (searched >= 0) return [stage]
  const reach = Math.max(...rules.stages.map(({ widths }) => widths[0] ?? 0))
  let top = stage
  for (const { createdAt } of near(pool, entry, reach, Infinity)) {
    top = Math.max(top, stageAt(rules, now - createdAt))
    break
  }
  return Array.from({ length: top - stage + 1 }, (_, i) => top - i)
}

function commit(matcher: Matcher, draft: Draft, now: number): Match {
  const { rules, members, teams } = draft
  const relaxedSeconds = ownStage(draft).fromMs / 1000
  const regions = regionsOf(draft)
  for (const entry of members) {
    remove(matcher, entry)
    if (matcher.waits.length >= waitsKept) matcher.waits.shift()
    matcher.waits.push(now - entry.createdAt)
  }
  return {
    tickets: members.toSorted(byAge).map(({ ticket }) => ticket),
    teams: teams.map((parts, slot) => ({
      name: rules.teamNames[slot]!,
      playerIds: parts.flatMap(({ playerIds }) => playerIds),
    })),
    regions,
    backfill: members.find(({ backfill }) => backfill)?.ticket.ticketId,
    relaxedSeconds,
  }
}

function regionsOf(draft: Draft): string[] {
  const { latency } = ownStage(draft)
  const named = draft.members.filter(({ latencies }) => latencies.get('avg')!.size > 0)
  const regions = regionsWithin(latency.length > 0 ? latency : [{}], named)
  const total = (region: string) =>
    named.reduce((sum, { latencies, size }) => sum + size * latencies.get('avg')!.get(region)!, 0)
  return regions.sort((a, b) => total(a) - total(b) || (a < b ? -1 : 1))
}
