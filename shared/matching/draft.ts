// A match that is being made. Tickets are pushed and popped as the search goes; what the windows, the regions and the
// sizes of teams say is kept with each step, so a ticket that does not fit costs little.
import type { Entry, Part } from './lineup.ts'
import type { RuleSet, Stage } from './rule-set.ts'
import { stageAt } from './rule-set.ts'
import { regionsWithin } from './latency.ts'
import { broken, fails } from './verdict.ts'

export type Draft = {
  readonly rules: RuleSet
  readonly stage: Stage
  readonly now: number
  /** Empty teams of one kind are alike: no rule names one of them, and no running match may still join. */
  readonly alike: boolean
  readonly teams: Part[][]
  readonly sizes: number[]
  /** The sum of the number that teams are made equal in, by slot. */
  readonly sums: number[]
  readonly members: Entry[]
  /** The slot of each member; -1 for a backfill ticket. */
  readonly slots: number[]
  players: number
  backfills: number
  /** As it was before each member. */
  readonly before: Limits[]
  limits: Limits
}

/** What the members have in common: the span of their values by window, and regions. */
type Limits = {
  lows: readonly number[]
  highs: readonly number[]
  regions: readonly string[]
}

export function createDraft(
  rules: RuleSet,
  stage: Stage,
  now: number,
  alike = !rules.namesSlots,
): Draft {
  const none = rules.windows.map(() => NaN)
  return {
    rules,
    stage,
    now,
    alike,
    teams: rules.teamNames.map(() => []),
    sizes: rules.teamNames.map(() => 0),
    sums: rules.teamNames.map(() => 0),
    members: [],
    slots: [],
    players: 0,
    backfills: 0,
    before: [],
    limits: { lows: none, highs: none, regions: [] },
  }
}

/** Adds a ticket, unless a rule is broken by it for good. Whether it was added. */
export function push(draft: Draft, entry: Entry, slot: number): boolean {
  if (!hasRoom(draft, entry, slot)) return false
  const limits = narrowed(draft, entry)
  if (limits === undefined) return false
  draft.before.push(draft.limits)
  draft.limits = limits
  draft.members.push(entry)
  draft.slots.push(slot)
  draft.players += entry.size
  if (entry.backfill) draft.backfills++
  for (const part of entry.parts) {
    const at = part.slot < 0 ? slot : part.slot
    draft.teams[at]!.push(part)
    draft.sizes[at]! += part.playerIds.length
    draft.sums[at]! += sumIn(draft.rules, part)
  }
  for (const rule of draft.stage.asked) {
    if (rule.judge(draft) !== broken) continue
    pop(draft)
    return false
  }
  return true
}

export function pop(draft: Draft): void {
  const entry = draft.members.pop()!
  const slot = draft.slots.pop()!
  draft.limits = draft.before.pop()!
  draft.players -= entry.size
  if (entry.backfill) draft.backfills--
  for (const part of entry.parts) {
    const at = part.slot < 0 ? slot : part.slot
    draft.teams[at]!.pop()
    draft.sizes[at]! -= part.playerIds.length
    draft.sums[at]! -= sumIn(draft.rules, part)
  }
}

function hasRoom(draft: Draft, entry: Entry, slot: number): boolean {
  const { max } = draft.stage
  if (!entry.backfill) {
    if (draft.sizes[slot]! + entry.size > max[slot]!) return false
    return draft.backfills === 0 || isElsewhere(draft.members, entry)
  }
  if (draft.backfills > 0 || !isElsewhere(draft.members, entry)) return false
  return entry.parts.every(
    (part) => draft.sizes[part.slot]! + part.playerIds.length <= max[part.slot]!,
  )
}

/** A player of a running match may wait for another one. He is not let in beside himself. */
function isElsewhere(members: readonly Entry[], entry: Entry): boolean {
  const ids = new Set(entry.ticket.players.map(({ playerId }) => playerId))
  return members.every(({ ticket }) => ticket.players.every(({ playerId }) => !ids.has(playerId)))
}

/** What is left in common with one more; undefined when that is nothing. */
function narrowed({ limits, stage, members }: Draft, entry: Entry): Limits | undefined {
  const first = members.length === 0
  const { widths, latency } = stage
  for (let i = 0; i < widths.length; i++) {
    const low = first ? entry.lows[i]! : Math.min(limits.lows[i]!, entry.lows[i]!)
    const high = first ? entry.highs[i]! : Math.max(limits.highs[i]!, entry.highs[i]!)
    // An average is rounded: what is at the very edge is left to the rule itself.
    if (high - low > widths[i]! * (1 + 1e-9)) return undefined
  }
  if (first) {
    const named = [...entry.latencies.get('avg')!.keys()]
    return withRegions(stage, entry, { lows: entry.lows, highs: entry.highs, regions: named })
  }
  const lows = limits.lows.map((low, i) => Math.min(low, entry.lows[i]!))
  const highs = limits.highs.map((high, i) => Math.max(high, entry.highs[i]!))
  if (latency.length === 0) return { lows, highs, regions: limits.regions }
  return withRegions(stage, entry, { lows, highs, regions: limits.regions })
}

function withRegions({ latency }: Stage, entry: Entry, limits: Limits): Limits | undefined {
  if (latency.length === 0) return limits
  const regions = limits.regions.filter((region) =>
    latency.every(
      ({ partyAggregation = 'avg', maxLatency = Infinity }) =>
        (entry.latencies.get(partyAggregation)?.get(region) ?? Infinity) <= maxLatency,
    ),
  )
  return regions.length === 0 ? undefined : { ...limits, regions }
}

/** Whether the windows and regions of those who are in leave room for one more. */
export const isInReach = (draft: Draft, entry: Entry): boolean =>
  narrowed(draft, entry) !== undefined

/** The stage of the match by its own age. */
export function ownStage({ rules, members, now }: Draft): Stage {
  const times = members.map(({ createdAt }) => createdAt)
  const since = rules.selection === 'newest' ? Math.max(...times) : Math.min(...times)
  return rules.stages[stageAt(rules, now - since)]!
}

/** Whether it is a match as it stands, by the rules of its own age. */
export function isMatch(draft: Draft): boolean {
  const { stage, sizes, members, backfills } = draft
  if (draft.players < stage.minTotal || members.length === backfills) return false
  if (sizes.some((size, slot) => size < stage.min[slot]!)) return false
  const own = ownStage(draft)
  if (own !== stage && sizes.some((size, slot) => size < own.min[slot]! || size > own.max[slot]!))
    return false
  return (
    own.enforced.every((rule) => rule.judge(draft) > fails) &&
    (own.latency.length === 0 || regionsWithin(own.latency, members).length > 0)
  )
}

export const isFull = ({ players, stage }: Draft): boolean => players >= stage.maxTotal

/** Whether tickets of a class may still come into a team. */
export function wanted(
  { rules, stage, sizes, backfills }: Draft,
  kinds: number,
  size: number,
  backfill: boolean,
): boolean {
  if (backfill) return backfills === 0
  return sizes.some(
    (taken, slot) => (kinds & (1 << rules.kindOf[slot]!)) !== 0 && taken + size <= stage.max[slot]!,
  )
}

/**
 * The teams that a ticket may be in, the best first: those below their minimum, then those with most open seats, then
 * the team that it makes most equal to the others. Of empty teams that are alike the first stands for all.
 */
export function slotsFor(draft: Draft, entry: Entry): number[] {
  if (entry.backfill) return [-1]
  const { rules, stage, sizes } = draft
  const emptyKinds = new Set<number>()
  const slots: number[] = []
  for (const [slot, kind] of rules.kindOf.entries()) {
    if ((entry.kinds & (1 << kind)) === 0 || sizes[slot]! + entry.size > stage.max[slot]!) continue
    if (sizes[slot] === 0) {
      if (emptyKinds.has(kind) && draft.alike) continue
      emptyKinds.add(kind)
    }
    slots.push(slot)
  }
  if (slots.length < 2) return slots
  const open = (slot: number) => stage.max[slot]! - sizes[slot]!
  const below = (slot: number) => (sizes[slot]! < stage.min[slot]! ? 0 : 1)
  const even = evenness(draft, entry)
  return slots.sort(
    (a, b) => below(a) - below(b) || open(b) - open(a) || even(a) - even(b) || a - b,
  )
}

/** How far a team's average is from that of all, with the ticket in it. */
function evenness({ rules, sums, sizes, players }: Draft, entry: Entry): (slot: number) => number {
  if (rules.balanceBy === undefined) return () => 0
  const own = sumIn(rules, entry.parts[0]!)
  let all = own
  for (const sum of sums) all += sum
  const mean = all / (players + entry.size)
  return (slot) => Math.abs((sums[slot]! + own) / (sizes[slot]! + entry.size) - mean)
}

export function sumIn({ balanceBy }: RuleSet, { values }: Part): number {
  if (balanceBy === undefined) return 0
  let sum = 0
  for (const value of values[balanceBy] as readonly number[]) sum += value
  return sum
}

/** Whether two tickets lie near enough for all windows. */
export const areNear = ({ widths }: Stage, a: Entry, b: Entry): boolean =>
  widths.every(
    (width, i) =>
      Math.max(a.highs[i]!, b.highs[i]!) - Math.min(a.lows[i]!, b.lows[i]!) <= width * (1 + 1e-9),
  )
