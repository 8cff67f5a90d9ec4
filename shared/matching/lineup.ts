// Tickets as the matcher holds them, and teams made of them. A rule set has *slots*, one for each team of a match;
// those of one team definition are of one *kind*.
import type { MatchTicket } from './match-ticket.ts'

export type Attribute = number | string | readonly string[] | ReadonlyMap<string, number>

/** Players of a ticket that are in one team. A backfill ticket has a part for each of its teams. */
export type Part = {
  readonly playerIds: readonly string[]
  /** By attribute of the rule set, then by player. */
  readonly values: readonly (readonly Attribute[])[]
  /** The team that a backfill ticket names, as its slot; -1: the matcher chooses. */
  readonly slot: number
}

/** A ticket that waits. */
export type Entry = {
  readonly ticket: MatchTicket
  readonly createdAt: number
  /** The number in which it came: the second key of its age. */
  readonly arrival: number
  readonly size: number
  readonly backfill: boolean
  /** -1 before all others, 1 behind them: backfill tickets, as the rule set says. */
  readonly priority: number
  readonly parts: readonly Part[]
  /** Tickets with different keys are in no match together. */
  readonly key: string
  /** The kinds of teams that it may be in, as bits. */
  readonly kinds: number
  /** The least and greatest value by window of the rule set. */
  readonly lows: readonly number[]
  readonly highs: readonly number[]
  /** By aggregation of the latency rules, then by region: ms. */
  readonly latencies: ReadonlyMap<PartyNumber, ReadonlyMap<string, number>>
  /** Its cell in the pool and its neighbours there, by age. */
  cell: unknown
  older: Entry | undefined
  younger: Entry | undefined
  /** How often it has relaxed, and up to which stage a match was looked for around it. */
  stage: number
  searched: number
  /** How often a search around it was given up. */
  givenUp: number
  /** It is in the list of tickets to search around. */
  pending: boolean
}

export type Lineup = {
  readonly teams: readonly (readonly Part[])[]
  readonly members: readonly Entry[]
}

export type PartyNumber = 'min' | 'max' | 'avg'
/** How the players of a ticket count as one. */
export type Aggregation = PartyNumber | 'union' | 'intersection'

/** Numbers of a ticket as one number; words stay as they are. */
export function aggregated<T>(values: readonly T[], party: PartyNumber): (T | number)[] {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length < values.length ? [...values] : [one(numbers, party)]
}

export function one(numbers: readonly number[], party: PartyNumber): number {
  if (party === 'min') return Math.min(...numbers)
  if (party === 'max') return Math.max(...numbers)
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length
}

/** String lists of a ticket as one list. */
export function unite(
  lists: readonly (readonly string[])[],
  party: 'union' | 'intersection',
): string[] {
  const all = [...new Set(lists.flat())]
  return party === 'union' ? all : all.filter((text) => lists.every((list) => list.includes(text)))
}

/** By age, the oldest first; backfill tickets as the rule set has it. */
export const byAge = (a: Entry, b: Entry): number =>
  a.priority - b.priority || a.createdAt - b.createdAt || a.arrival - b.arrival

/** What all players of a ticket bring of one attribute. */
export const valuesOf = (entry: Entry, attribute: number) =>
  entry.parts.length === 1
    ? entry.parts[0]!.values[attribute]!
    : entry.parts.flatMap((part) => part.values[attribute]!)
