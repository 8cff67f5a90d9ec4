// What holds for every rule set and every queue. `WAYSTONE_QUEUES=2000 vitest run test/matching` has so many of them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchSearchCeiling } from '#shared/limits.ts'
import { add, cancel, createMatcher, pass } from '#shared/matching/match.ts'
import type { Match, Matcher } from '#shared/matching/match.ts'
import type { MatchTicket } from '#shared/matching/match-ticket.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import { faultsOf } from './checker.ts'
import type { MadeMatch, RuleSetJson } from './checker.ts'
import { namesOf, queues, ruleSets } from './queues.ts'
import type { Event } from './queues.ts'

const numRuns = Number(process.env['WAYSTONE_QUEUES'] ?? 200)
const settings = { numRuns, ...(numRuns > 200 ? {} : { seed: 20_261_201 }) }

type Made = { match: Match; now: number }

function play(matcher: Matcher, events: readonly Event[], budget?: number) {
  const made: Made[] = []
  const added: MatchTicket[] = []
  const gone: string[] = []
  for (const event of events) {
    if (event.kind === 'add') {
      if (add(matcher, event.ticket) === undefined) added.push(event.ticket)
    } else if (event.kind === 'cancel') {
      if (cancel(matcher, event.ticketId)) gone.push(event.ticketId)
    } else {
      for (const match of pass(matcher, event.now, budget).matches) made.push({ match, now: event.now })
    }
  }
  return { made, added, gone }
}

const scenarios = (tickets: number, options: { plain?: boolean; single?: boolean } = {}) =>
  ruleSets(options.plain).chain((rules) =>
    fc.record({
      rules: fc.constant(rules),
      events: queues(namesOf(rules), { tickets, single: options.single }),
    }),
  )

describe('over random rule sets and queues', () => {
  test('each match satisfies its rule set, and each ticket is in one match, has gone, or waits', () => {
    fc.assert(
      fc.property(scenarios(60), ({ rules, events }) => {
        const matcher = createMatcher(readRuleSet(rules))
        const { made, added, gone } = play(matcher, [...events, { kind: 'pass', now: 100_000 }])
        for (const { match, now } of made) expect(faultsOf(rules, match, now)).toEqual([])
        const matched = made.flatMap(({ match }) => match.tickets.map(({ ticketId }) => ticketId))
        const all = [...matched, ...gone, ...matcher.entries.keys()]
        expect(all.toSorted()).toEqual(added.map(({ ticketId }) => ticketId).toSorted())
        expect(matcher.pool.tickets).toBe(matcher.entries.size)
      }),
      settings,
    )
  })

  test('what waits after a pass is no match: rules relax when they should, and nobody is overlooked', () => {
    fc.assert(
      fc.property(scenarios(12), ({ rules, events }) => {
        const matcher = createMatcher(readRuleSet(rules))
        let now = 0
        for (const event of events) {
          play(matcher, [event])
          if (event.kind !== 'pass') continue
          now = event.now
          expect(possible(rules, matcher, now)).toEqual([])
        }
        // One pass after each time at which something relaxes.
        for (const later of [3000, 5000, 8000]) {
          pass(matcher, now + later)
          expect(possible(rules, matcher, now + later)).toEqual([])
        }
      }),
      settings,
    )
  })

  test('equal calls give equal matches', () => {
    fc.assert(
      fc.property(scenarios(40), ({ rules, events }) => {
        const [a, b] = [rules, structuredClone(rules)].map((each) =>
          play(createMatcher(readRuleSet(each)), structuredClone(events)),
        )
        expect(a).toEqual(b)
      }),
      settings,
    )
  })

  test('passes with a small budget come to an end, and make valid matches too', () => {
    fc.assert(
      fc.property(scenarios(40), fc.integer({ min: 1, max: 8 }), ({ rules, events }, budget) => {
        const matcher = createMatcher(readRuleSet(rules))
        const { made } = play(matcher, events, budget)
        for (let i = 0; ; i++) {
          const { matches, left, examined } = pass(matcher, 100_000, budget)
          made.push(...matches.map((match) => ({ match, now: 100_000 })))
          // A search that has begun is ended.
          expect(examined).toBeLessThanOrEqual(budget + matchSearchCeiling)
          if (left === 0) break
          expect(i).toBeLessThan(200)
        }
        for (const { match, now } of made) expect(faultsOf(rules, match, now)).toEqual([])
      }),
      settings,
    )
  })
})

describe('oldest first', () => {
  const plain = { plain: true, single: true }

  test('where a pass follows each ticket, no older one that waits could stand in for a member', () => {
    fc.assert(
      fc.property(scenarios(25, plain), ({ rules, events }) => {
        const matcher = createMatcher(readRuleSet(rules))
        for (const event of events) {
          if (event.kind !== 'add') continue
          play(matcher, [event])
          const now = event.ticket.createdAt
          for (const match of pass(matcher, now).matches) {
            expect(stands(rules, matcher, match, now)).toEqual([])
          }
        }
      }),
      settings,
    )
  })

  test('of tickets that came together, only the one around which the match was made could be replaced', () => {
    fc.assert(
      fc.property(scenarios(25, plain), ({ rules, events }) => {
        const matcher = createMatcher(readRuleSet(rules))
        play(matcher, events.filter(({ kind }) => kind === 'add'))
        const first = pass(matcher, 50_000, 1).matches
        for (const match of first) {
          expect(new Set(stands(rules, matcher, match, 50_000)).size).toBeLessThanOrEqual(1)
        }
      }),
      settings,
    )
  })
})

/** Members whose place an older ticket that waits could take. */
function stands(rules: RuleSetJson, matcher: Matcher, match: Match, now: number): string[] {
  return match.tickets.filter((member) =>
    [...matcher.entries.values()].some(({ ticket }) => {
      if (ticket.createdAt >= member.createdAt) return false
      const [from, to] = [member.players[0]!.playerId, ticket.players[0]!.playerId]
      const tickets = match.tickets.map((each) => (each === member ? ticket : each))
      const teams = match.teams.map(({ name, playerIds }) => ({
        name,
        playerIds: playerIds.map((id) => (id === from ? to : id)),
      }))
      return faultsOf(rules, { tickets, teams }, now).length === 0
    }),
  ).map(({ ticketId }) => ticketId)
}

/** A match among the tickets that wait, found by trying all of them in all teams. */
function possible(rules: RuleSetJson, matcher: Matcher, now: number): string[] {
  const tickets = [...matcher.entries.values()].map(({ ticket }) => ticket).slice(0, 6)
  const names = namesOf(rules)
  const sizes = rules.teams.flatMap(({ maxPlayers, quantity = 1 }) => Array<number>(quantity).fill(maxPlayers))
  const teams = names.map((name) => ({ name, playerIds: [] as string[] }))
  const chosen: MatchTicket[] = []
  const seek = (i: number): MadeMatch | undefined => {
    if (chosen.length > 0 && faultsOf(rules, { tickets: chosen, teams }, now).length === 0)
      return { tickets: chosen, teams }
    if (i === tickets.length) return undefined
    const skipped = seek(i + 1)
    if (skipped !== undefined) return skipped
    const { players, backfill } = tickets[i]!
    chosen.push(tickets[i]!)
    for (const [slot, team] of teams.entries()) {
      if (backfill ? players[0]!.team !== team.name : team.playerIds.length + players.length > sizes[slot]!)
        continue
      team.playerIds.push(...players.map(({ playerId }) => playerId))
      const found = seek(i + 1)
      if (found !== undefined) return found
      team.playerIds.splice(-players.length)
    }
    chosen.pop()
    return undefined
  }
  return seek(0)?.tickets.map(({ ticketId }) => ticketId) ?? []
}
