// Why a ticket waits: what the player is told. It is found by looking at others that wait, as a search would, but it
// changes nothing, and it looks at a bounded number of them. Where it stopped there, it says "at least".
import { matchWhyMax } from '../limits.ts'
import { createDraft, pop, push, slotsFor } from './draft.ts'
import type { Draft } from './draft.ts'
import { aloneIn, brokenBy } from './entry.ts'
import type { Entry, Lineup } from './lineup.ts'
import { byAge } from './lineup.ts'
import type { Matcher } from './match.ts'
import { near, partitionOf } from './pool.ts'
import { stageAt } from './rule-set.ts'
import type { RuleSet, Stage } from './rule-set.ts'
import { regionsWithin } from './latency.ts'
import { fails } from './verdict.ts'
import { playersOf } from './search.ts'

export type Why = {
  /** It is the n-th of those that wait for the same, by age. */
  readonly position: number
  /** What is missing. `players`: so many more that fit. `rule`: the rule that keeps most others out. */
  readonly waitsFor:
    | { readonly kind: 'players'; readonly players: number }
    | { readonly kind: 'rule'; readonly rule: string }
    /** It has not been looked at since it came or relaxed: the next pass does. */
    | { readonly kind: 'pass' }
  /** How many others fit it by the rules of now, and after each later time at which they relax. */
  readonly fits: readonly {
    readonly afterSeconds: number
    readonly tickets: number
    readonly players: number
  }[]
  /** Players whom a match needs at least beside its own, by the rules of now. */
  readonly needs: number
  /** Others were left out of the counts: they are lower bounds. */
  readonly atLeast: boolean
  /** How long the tickets that were matched last have waited, ms: a first word for an estimate. */
  readonly lastWaitsMs: { readonly median: number; readonly most: number } | undefined
}

/** Undefined when no such ticket waits. */
export function explain(matcher: Matcher, ticketId: string, now: number): Why | undefined {
  const { rules, entries, pool } = matcher
  const entry = entries.get(ticketId)
  if (entry === undefined) return undefined
  const current = stageAt(rules, now - entry.createdAt)
  const later = rules.stages.slice(current)
  const reach = Math.max(...rules.stages.map(({ widths }) => widths[0] ?? 0))
  const others: Entry[] = []
  let atLeast = false
  for (const other of near(pool, entry, reach, Infinity)) {
    if (others.length === matchWhyMax) {
      atLeast = true
      break
    }
    others.push(other)
  }
  const fits = later.map((stage) => {
    const fitting = others.filter((other) => goTogether(matcher, entry, other, stage))
    return {
      afterSeconds: stage.fromMs / 1000,
      tickets: fitting.length,
      players: playersOf(fitting),
    }
  })
  const stage = rules.stages[current]!
  return {
    position: 1 + others.filter((other) => byAge(other, entry) < 0).length,
    waitsFor: reason(matcher, entry, others, stage, fits[0]!.players),
    fits,
    needs: Math.max(0, stage.minTotal - entry.size),
    atLeast,
    lastWaitsMs: lastWaits(matcher.waits),
  }
}

function lastWaits(waits: readonly number[]): Why['lastWaitsMs'] {
  if (waits.length === 0) return undefined
  const sorted = waits.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! }
}

/** Whether two tickets may be in a match: in some teams they break no rule for good. */
function goTogether({ rules }: Matcher, entry: Entry, other: Entry, stage: Stage): boolean {
  const draft = createDraft(rules, stage, 0, false)
  return slotsFor(draft, entry).some((slot) => {
    if (!push(draft, entry, slot)) return false
    const both = slotsFor(draft, other).some((one) => push(draft, other, one))
    if (both) pop(draft)
    pop(draft)
    return both
  })
}

function reason(
  matcher: Matcher,
  entry: Entry,
  others: readonly Entry[],
  stage: Stage,
  fitting: number,
): Why['waitsFor'] {
  if (entry.pending) return { kind: 'pass' }
  const missing = stage.minTotal - entry.size - fitting
  const inKey = playersWaiting(matcher) - entry.size
  if (missing <= 0) return unfilled(matcher, entry, others, stage)
  // Even without any rule there would be too few.
  if (inKey < stage.minTotal - entry.size) return { kind: 'players', players: missing }
  const rule = keepsOut(matcher, entry, others, stage)
  return rule === undefined ? { kind: 'players', players: missing } : { kind: 'rule', rule }
}

const playersWaiting = ({ pool }: Matcher) =>
  [...pool.partitions.values()].reduce((sum, { players }) => sum + players, 0)

/** The rule that keeps most of the others away from a ticket. Those with another key are kept out by the key's rule. */
function keepsOut(
  { rules, pool, entries }: Matcher,
  entry: Entry,
  others: readonly Entry[],
  stage: Stage,
): string | undefined {
  const guilt = new Map<string, number>()
  const blame = (rule: string, tickets: number) => guilt.set(rule, (guilt.get(rule) ?? 0) + tickets)
  const elsewhere = entries.size - ticketsIn(entry)
  if (elsewhere > 0 && rules.keys.length > 0) blame(rules.keys[0]!.rule, elsewhere)
  // Beyond the first window's reach nobody was looked at.
  const beyond = ticketsIn(entry) - 1 - others.length
  const [window] = rules.windows
  if (window !== undefined && beyond > 0 && pool.width > 0) blame(window.rule, beyond)
  for (const other of others) {
    for (const rule of apartBy(rules, stage, entry, other)) blame(rule, 1)
  }
  return [...guilt].sort(([, a], [, b]) => b - a)[0]?.[0]
}

function ticketsIn(entry: Entry): number {
  let tickets = 0
  for (const each of partitionOf(entry).classes.values()) tickets += each.tickets
  return tickets
}

/** Teams in which two tickets are tried: the first ones say enough. */
const slotsTried = 8

/** The rules that two tickets break in every pair of teams. */
function apartBy(rules: RuleSet, stage: Stage, entry: Entry, other: Entry): string[] {
  const slots = rules.kinds.flatMap((each) => each.slice(0, 2)).slice(0, slotsTried)
  let common: string[] | undefined
  for (const one of slots) {
    for (const two of slots) {
      const lineup = side(aloneIn(rules, entry, one), aloneIn(rules, other, two))
      const names = brokenBy(stage, lineup)
      common = common === undefined ? names : common.filter((name) => names.includes(name))
    }
  }
  return common ?? []
}

const side = (a: Lineup, b: Lineup): Lineup => ({
  teams: a.teams.map((team, slot) => [...team, ...b.teams[slot]!]),
  members: [...a.members, ...b.members],
})

/** Enough would fit one by one, but not together: the rule that stops the fullest match that can be put together. */
function unfilled(
  { rules }: Matcher,
  entry: Entry,
  others: readonly Entry[],
  stage: Stage,
): Why['waitsFor'] {
  const draft = createDraft(rules, stage, 0, false)
  const [slot] = slotsFor(draft, entry)
  if (slot === undefined || !push(draft, entry, slot)) return { kind: 'pass' }
  for (const other of others) slotsFor(draft, other).some((one) => push(draft, other, one))
  const open = seatsOpen(draft)
  if (open > 0) return { kind: 'players', players: open }
  const rule = stage.enforced.find((each) => each.judge(draft) <= fails)
  if (rule !== undefined) return { kind: 'rule', rule: rule.name }
  const latency = stage.latency[0]
  const apart = latency !== undefined && regionsWithin(stage.latency, draft.members).length === 0
  return apart ? { kind: 'rule', rule: latency.name } : { kind: 'pass' }
}

const seatsOpen = ({ stage, sizes }: Draft): number =>
  sizes.reduce((sum, size, slot) => sum + Math.max(0, stage.min[slot]! - size), 0)
