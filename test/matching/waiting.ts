// A matcher as tests speak of it: seconds, and attributes as plain values.
import { add, cancel, createMatcher, pass } from '#shared/matching/match.ts'
import type { Match } from '#shared/matching/match.ts'
import type { AttributeValue, MatchTicket } from '#shared/matching/match-ticket.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import { faultsOf } from './checker.ts'
import type { RuleSetJson } from './checker.ts'

type Plain = number | string | string[] | Record<string, number>
export type Person = {
  id?: string
  latencies?: Record<string, number>
  team?: string
} & Record<string, unknown>

const wrapped = (value: Plain): AttributeValue => {
  if (typeof value === 'number') return { N: value }
  if (typeof value === 'string') return { S: value }
  return Array.isArray(value) ? { SL: value } : { SDM: value }
}

/** A ticket for one player, or for each of a party. `at`: since when it waits, seconds. */
export function ticketOf(
  ticketId: string,
  people: Person | Person[],
  { at = 0, backfill = false } = {},
): MatchTicket {
  return {
    ticketId,
    createdAt: at * 1000,
    backfill,
    players: [people].flat().map(({ id, latencies, team, ...attributes }, i) => ({
      playerId: id ?? (Array.isArray(people) ? `${ticketId}.${i}` : ticketId),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, wrapped(value as Plain)]),
      ),
      ...(latencies && { latencies }),
      ...(team !== undefined && { team }),
    })),
  }
}

export function waiting(document: object) {
  const matcher = createMatcher(readRuleSet(document))
  return {
    matcher,
    /** Lets a ticket wait; throws where it is refused. */
    join(...ticket: Parameters<typeof ticketOf>): void {
      const refusal = add(matcher, ticketOf(...ticket))
      if (refusal !== undefined) throw new Error(JSON.stringify(refusal))
    },
    refusal: (...ticket: Parameters<typeof ticketOf>) => add(matcher, ticketOf(...ticket)),
    cancel: (ticketId: string) => cancel(matcher, ticketId),
    /** Matches at that second, each held against the checker. */
    pass(second: number): Match[] {
      const { matches } = pass(matcher, second * 1000)
      for (const match of matches) {
        const faults = faultsOf(document as RuleSetJson, match, second * 1000)
        if (faults.length > 0) throw new Error(faults.join('; '))
      }
      return [...matches]
    },
  }
}

/** The players of each team, in the order of letters. */
export const teamsOf = (match: Match | undefined): Record<string, string[]> =>
  Object.fromEntries(
    (match?.teams ?? []).map(({ name, playerIds }) => [name, playerIds.toSorted()]),
  )

export const sizesOf = (match: Match | undefined): number[] =>
  (match?.teams ?? []).map(({ playerIds }) => playerIds.length)

export const idsOf = (match: Match | undefined): string[] =>
  (match?.tickets ?? []).map(({ ticketId }) => ticketId).toSorted()
