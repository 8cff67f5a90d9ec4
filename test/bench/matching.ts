// What matchmaking costs: `npm run bench:matching`. 100,000 tickets wait, 1,000 arrive each second, for 60 simulated
// seconds. Three queues: dungeons, whose fighters wait for tanks; arenas of 5 against 5 with skills so far apart that
// most wait for the rules to relax; and battles of 100 against 100.
//
// Printed: tickets examined a second of one core, the slowest pass, how long those who were matched had waited, beside
// a matcher that runs all the time and knows no budget (*ideal*), and memory.
import { parseArgs } from 'node:util'
import { add, createMatcher, pass } from '#shared/matching/match.ts'
import type { Matcher } from '#shared/matching/match.ts'
import type { MatchPlayer, MatchTicket } from '#shared/matching/match-ticket.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import { matchPassMax } from '#shared/limits.ts'
import { collected } from '../memory.ts'

const { values } = parseArgs({
  options: {
    waiting: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
  },
})
const waitingAtFirst = Number(values.waiting)
const seconds = Number(values.seconds)
const perSecond = 1000

type Scenario = {
  name: string
  rules: object
  player: (random: () => number) => MatchPlayer['attributes']
}

const relaxing = (rule: string, ...values: number[]) => ({
  target: `rules[${rule}].maxDistance`,
  steps: values.map((value, i) => ({ waitTimeSeconds: 10 * (i + 1), value })),
})
const team = (name: string, size: number) => ({ name, minPlayers: size, maxPlayers: size })
const role = (name: string) => ({
  name: `Only${name}`,
  type: 'collection',
  operation: 'reference_intersection_count',
  measurements: [`teams[${name}].players.attributes[roles]`],
  referenceValue: name,
  minCount: 1,
})

const scenarios: Scenario[] = [
  {
    name: 'dungeon, 1 + 1 + 3',
    rules: {
      ruleLanguageVersion: '1.0',
      playerAttributes: [
        { name: 'roles', type: 'string_list' },
        { name: 'level', type: 'number' },
        { name: 'dungeon', type: 'string' },
      ],
      teams: [team('tank', 1), team('healer', 1), team('fighter', 3)],
      rules: [
        role('tank'),
        role('healer'),
        role('fighter'),
        { name: 'Same', type: 'batchDistance', batchAttribute: 'dungeon' },
        { name: 'Level', type: 'batchDistance', batchAttribute: 'level', maxDistance: 5 },
      ],
      expansions: [relaxing('Level', 10, 15)],
    },
    player: (random) => {
      const roll = random()
      const roles = roll < 0.15 ? ['tank'] : roll < 0.33 ? ['healer'] : ['fighter']
      return {
        roles: { SL: roll > 0.95 ? ['fighter', 'healer'] : roles },
        level: { N: 1 + Math.floor(random() * 60) },
        dungeon: { S: `dungeon${Math.floor(random() * 8)}` },
      }
    },
  },
  {
    name: 'arena, 5 against 5',
    rules: {
      ruleLanguageVersion: '1.0',
      playerAttributes: [
        { name: 'skill', type: 'number' },
        { name: 'mode', type: 'string' },
      ],
      teams: [{ ...team('side', 5), quantity: 2 }],
      rules: [
        {
          name: 'Near',
          type: 'distance',
          measurements: ['max(flatten(teams[*].players.attributes[skill]))'],
          referenceValue: 'min(flatten(teams[*].players.attributes[skill]))',
          maxDistance: 50,
        },
        {
          name: 'Fair',
          type: 'distance',
          measurements: ['avg(teams[*].players.attributes[skill])'],
          referenceValue: 'avg(flatten(teams[*].players.attributes[skill]))',
          maxDistance: 20,
        },
        {
          name: 'SameMode',
          type: 'comparison',
          operation: '=',
          measurements: ['flatten(teams[*].players.attributes[mode])'],
        },
      ],
      expansions: [relaxing('Near', 75, 100)],
    },
    player: (random) => ({
      skill: { N: Math.floor(random() * 1_500_000) },
      mode: { S: random() < 0.5 ? 'ranked' : 'casual' },
    }),
  },
  {
    name: 'battle, 100 against 100',
    rules: {
      ruleLanguageVersion: '1.0',
      playerAttributes: [
        { name: 'skill', type: 'number' },
        { name: 'map', type: 'string' },
      ],
      algorithm: { strategy: 'balanced', balancedAttribute: 'skill' },
      teams: [team('red', 100), team('blue', 100)],
      rules: [
        { name: 'Near', type: 'batchDistance', batchAttribute: 'skill', maxDistance: 500 },
        { name: 'Map', type: 'batchDistance', batchAttribute: 'map' },
      ],
      expansions: [relaxing('Near', 750, 1000)],
    },
    player: (random) => ({
      skill: { N: Math.floor(random() * 3000) },
      map: { S: `map${Math.floor(random() * 100)}` },
    }),
  },
]

/** Mulberry32: the same tickets in each run. */
function stream(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function ticketFor(
  { player }: Scenario,
  n: number,
  createdAt: number,
  random: () => number,
): MatchTicket {
  // One in ten is a party of two.
  const size = random() < 0.9 ? 1 : 2
  const attributes = player(random)
  const players = Array.from({ length: size }, (_, i) => ({ playerId: `p${n}.${i}`, attributes }))
  return { ticketId: `t${n}`, createdAt, players, backfill: false }
}

type Run = { examined: number; passMs: number; slowest: number; waits: number[]; left: number }

/** Lets tickets come over simulated time, with passes `everyMs`. */
function run(scenario: Scenario, matcher: Matcher, everyMs: number, budget: number): Run {
  const random = stream(7)
  const result: Run = { examined: 0, passMs: 0, slowest: 0, waits: [], left: 0 }
  let n = 0
  // Those who wait at first have waited for up to a minute.
  for (; n < waitingAtFirst; n++)
    add(matcher, ticketFor(scenario, n, Math.floor((n / waitingAtFirst) * 60_000), random))
  while (pass(matcher, 60_000).left > 0);
  // Again so many, without a match among them: those who stay.
  for (; matcher.entries.size < waitingAtFirst && n < 10 * waitingAtFirst; n++) {
    add(matcher, ticketFor(scenario, n, Math.floor(random() * 60_000), random))
    if (n % 5000 === 0) while (pass(matcher, 60_000).left > 0);
  }
  const first = n
  for (let now = 60_000; now < 60_000 + seconds * 1000; now += everyMs) {
    for (let i = 0; i < (perSecond * everyMs) / 1000; i++, n++)
      add(matcher, ticketFor(scenario, n, now + i, random))
    const began = performance.now()
    const { matches, examined, left } = pass(matcher, now + everyMs, budget)
    const took = performance.now() - began
    result.examined += examined
    result.passMs += took
    result.slowest = Math.max(result.slowest, took)
    result.left = left
    for (const { tickets } of matches) {
      for (const { ticketId, createdAt } of tickets) {
        if (Number(ticketId.slice(1)) >= first) result.waits.push(now + everyMs - createdAt)
      }
    }
  }
  return result
}

function text({ waits }: Run): string {
  waits.sort((a, b) => a - b)
  const at = (share: number) => ((waits[Math.floor(waits.length * share)] ?? 0) / 1000).toFixed(1)
  return `${waits.length} of ${perSecond * seconds} matched, p50 ${at(0.5)} s, p99 ${at(0.99)} s`
}

for (const scenario of scenarios.filter(({ name }) => name.startsWith(values.only))) {
  const empty = await collected()
  const matcher = createMatcher(readRuleSet(scenario.rules))
  const real = run(scenario, matcher, 1000, matchPassMax)
  const { heapUsed } = await collected()
  const bytes = (heapUsed - empty.heapUsed) / matcher.entries.size
  const ideal = run(scenario, createMatcher(readRuleSet(scenario.rules)), 100, Infinity)
  console.log(
    `${scenario.name}: ${matcher.entries.size} wait at the end, ${bytes.toFixed(0)} bytes each`,
  )
  console.log(
    `  ${Math.round((real.examined / real.passMs) * 1000)} tickets examined a second of a core; ` +
      `${(real.passMs / seconds).toFixed(0)} ms a simulated second, the slowest pass ${real.slowest.toFixed(0)} ms` +
      (real.left > 0 ? `; ${real.left} not looked at in the end` : ''),
  )
  console.log(`  a pass a second: ${text(real)}`)
  console.log(`  ideal:           ${text(ideal)}`)
}
