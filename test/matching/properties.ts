// What holds for every rule set and every queue, as properties: tests run them, and so does the hunt for mutants.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { matchSearchCeiling } from '#shared/limits.ts'
import { add, cancel, createMatcher, pass } from '#shared/matching/match.ts'
import type { Match, Matcher } from '#shared/matching/match.ts'
import type { MatchTicket } from '#shared/matching/match-ticket.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import { faultsOf } from './checker.ts'
import type { RuleSetJson } from './checker.ts'
import { namesOf, queues, ruleSets } from './queues.ts'
import type { Event, Family } from './queues.ts'

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
      for (const match of pass(matcher, event.now, budget).matches)
        made.push({ match, now: event.now })
    }
  }
  return { made, added, gone }
}

const scenarios = (tickets: number, family: Family = {}) =>
  ruleSets(family).chain((rules) =>
    fc.record({
      rules: fc.constant(rules),
      events: queues(namesOf(rules), { tickets, single: family.plain }),
    }),
  )
type Scenario = { rules: RuleSetJson; events: Event[] }
const over = (tickets: number, family: Family, holds: (scenario: Scenario) => void) =>
  fc.property(scenarios(tickets, family), holds)

/** Each by what it says. */
export const properties: Record<string, fc.IPropertyWithHooks<[Scenario]>> = {
  'each match satisfies its rule set, and each ticket is in one match, has gone, or waits': over(
    60,
    {},
    ({ rules, events }) => {
      const matcher = createMatcher(readRuleSet(rules))
      const { made, added, gone } = play(matcher, [...events, { kind: 'pass', now: 100_000 }])
      for (const { match, now } of made) assert.deepEqual(faultsOf(rules, match, now), [])
      const matched = made.flatMap(({ match }) => match.tickets.map(({ ticketId }) => ticketId))
      const all = [...matched, ...gone, ...matcher.entries.keys()]
      assert.deepEqual(all.toSorted(), added.map(({ ticketId }) => ticketId).toSorted())
      assert.equal(matcher.pool.tickets, matcher.entries.size)
    },
  ),

  'what waits after a pass is no match: rules relax when they should, and nobody is overlooked':
    over(12, {}, ({ rules, events }) => {
      const matcher = createMatcher(readRuleSet(rules))
      let now = 0
      for (const event of events) {
        play(matcher, [event])
        if (event.kind !== 'pass') continue
        now = event.now
        assert.deepEqual(possible(rules, matcher, now), [])
      }
      // One pass after each time at which something relaxes.
      for (const later of [3000, 5000, 8000]) {
        pass(matcher, now + later)
        assert.deepEqual(possible(rules, matcher, now + later), [])
      }
    }),

  'who is refused because of a rule could be in no match at all': over(
    10,
    {},
    ({ rules, events }) => {
      const matcher = createMatcher(readRuleSet(rules))
      const tickets = events.flatMap((event) => (event.kind === 'add' ? [event.ticket] : []))
      const refused = tickets.filter(
        (ticket) => add(matcher, ticket)?.code === 'ticket.unmatchable',
      )
      for (const ticket of refused.slice(0, 2)) {
        const others = tickets.filter((each) => each !== ticket).slice(0, 4)
        const newest = Math.max(...[ticket, ...others].map(({ createdAt }) => createdAt))
        for (const later of [0, 3000, 5000, 8000])
          assert.deepEqual(found(rules, [ticket], others, newest + later), [])
      }
    },
  ),

  'equal calls give equal matches': over(40, {}, ({ rules, events }) => {
    const [a, b] = [rules, structuredClone(rules)].map((each) =>
      play(createMatcher(readRuleSet(each)), structuredClone(events)),
    )
    assert.deepEqual(a, b)
  }),

  'passes with a small budget come to an end, and make valid matches too': over(
    40,
    {},
    ({ rules, events }) => {
      const budget = 1 + (events.length % 8)
      const matcher = createMatcher(readRuleSet(rules))
      const { made } = play(matcher, events, budget)
      for (let i = 0; ; i++) {
        const { matches, left, examined } = pass(matcher, 100_000, budget)
        made.push(...matches.map((match) => ({ match, now: 100_000 })))
        // A search that has begun is ended.
        assert.ok(examined <= budget + matchSearchCeiling)
        if (left === 0) break
        assert.ok(i < 200)
      }
      for (const { match, now } of made) assert.deepEqual(faultsOf(rules, match, now), [])
    },
  ),

  'oldest first: where a pass follows each ticket, no older one could stand in for a member': over(
    25,
    { plain: true },
    ({ rules, events }) => {
      const matcher = createMatcher(readRuleSet(rules))
      for (const event of events) {
        if (event.kind !== 'add') continue
        play(matcher, [event])
        const now = event.ticket.createdAt
        for (const match of pass(matcher, now).matches)
          assert.deepEqual(stands(rules, matcher, match, now), [])
      }
    },
  ),

  'oldest first: of tickets that came together, only the one that the match was made around could be replaced':
    over(25, { plain: true }, ({ rules, events }) => {
      const matcher = createMatcher(readRuleSet(rules))
      play(
        matcher,
        events.filter(({ kind }) => kind === 'add'),
      )
      for (const match of pass(matcher, 50_000, 1).matches)
        assert.ok(new Set(stands(rules, matcher, match, 50_000)).size <= 1)
    }),

  'as full as can be: nobody who waits could just be added': over(
    25,
    { plain: true, flexible: true },
    ({ rules, events }) => {
      const matcher = createMatcher(readRuleSet(rules))
      play(
        matcher,
        events.filter(({ kind }) => kind === 'add'),
      )
      for (const match of pass(matcher, 50_000).matches)
        assert.deepEqual(addable(rules, matcher, match, 50_000), [])
    },
  ),
}

/** Members whose place an older ticket that waits could take. */
function stands(rules: RuleSetJson, matcher: Matcher, match: Match, now: number): string[] {
  return match.tickets
    .filter((member) =>
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
    )
    .map(({ ticketId }) => ticketId)
}

/** Tickets that could come into a team of a match as it is. */
function addable(rules: RuleSetJson, matcher: Matcher, match: Match, now: number): string[] {
  return [...matcher.entries.values()].flatMap(({ ticket }) =>
    match.teams.flatMap(({ name }) => {
      const tickets = [...match.tickets, ticket]
      const teams = match.teams.map((team) => ({
        name: team.name,
        playerIds: [
          ...team.playerIds,
          ...(team.name === name ? [ticket.players[0]!.playerId] : []),
        ],
      }))
      return faultsOf(rules, { tickets, teams }, now).length === 0 ? [ticket.ticketId] : []
    }),
  )
}

/** A match among the tickets that wait. */
function possible(rules: RuleSetJson, matcher: Matcher, now: number): string[] {
  const tickets = [...matcher.entries.values()].map(({ ticket }) => ticket).slice(0, 6)
  return found(rules, [], tickets, now)
}

/** A match of all `fixed` tickets and some of the others, found by trying all of them in all teams. */
function found(
  rules: RuleSetJson,
  fixed: readonly MatchTicket[],
  others: readonly MatchTicket[],
  now: number,
): string[] {
  const tickets = [...fixed, ...others]
  const sizes = rules.teams.flatMap(({ maxPlayers, quantity = 1 }) =>
    Array.from({ length: quantity }, () => maxPlayers),
  )
  const teams = namesOf(rules).map((name) => ({ name, playerIds: [] as string[] }))
  const chosen: MatchTicket[] = []
  const seek = (i: number): boolean => {
    if (i >= fixed.length && chosen.length > 0) {
      if (faultsOf(rules, { tickets: chosen, teams }, now).length === 0) return true
    }
    if (i === tickets.length) return false
    if (i >= fixed.length && seek(i + 1)) return true
    const { players, backfill } = tickets[i]!
    chosen.push(tickets[i]!)
    for (const [slot, team] of teams.entries()) {
      const room = team.playerIds.length + players.length <= sizes[slot]!
      if (backfill ? players[0]!.team !== team.name : !room) continue
      team.playerIds.push(...players.map(({ playerId }) => playerId))
      if (seek(i + 1)) return true
      team.playerIds.splice(-players.length)
    }
    chosen.pop()
    return false
  }
  return seek(0) ? chosen.map(({ ticketId }) => ticketId) : []
}
