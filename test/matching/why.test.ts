// Why a ticket waits: what is missing, and who would fit now and later.
import { expect, test } from 'vitest'
import { matchWhyMax } from '#shared/limits.ts'
import { explain } from '#shared/matching/why.ts'
import { waiting } from './waiting.ts'

const pairs = {
  ruleLanguageVersion: '1.0',
  playerAttributes: [
    { name: 'skill', type: 'number', default: 50 },
    { name: 'mode', type: 'string', default: 'duel' },
    { name: 'role', type: 'string', default: 'fighter' },
  ],
  teams: [{ name: 'four', minPlayers: 4, maxPlayers: 4 }],
  rules: [
    { name: 'SameMode', type: 'batchDistance', batchAttribute: 'mode' },
    { name: 'Near', type: 'batchDistance', batchAttribute: 'skill', maxDistance: 10 },
  ],
  expansions: [
    {
      target: 'rules[Near].maxDistance',
      steps: [
        { waitTimeSeconds: 10, value: 20 },
        { waitTimeSeconds: 30, value: 40 },
      ],
    },
  ],
}

test('a ticket alone waits for players, and nobody is known who does not wait', () => {
  const queue = waiting(pairs)
  queue.join('a', {})
  queue.pass(1)
  expect(explain(queue.matcher, 'a', 1000)).toEqual({
    position: 1,
    waitsFor: { kind: 'players', players: 3 },
    fits: [
      { afterSeconds: 0, tickets: 0, players: 0 },
      { afterSeconds: 10, tickets: 0, players: 0 },
      { afterSeconds: 30, tickets: 0, players: 0 },
    ],
    needs: 3,
    atLeast: false,
    lastWaitsMs: undefined,
  })
  expect(explain(queue.matcher, 'b', 1000)).toBeUndefined()
})

test('who would fit now and after each time at which the rules relax', () => {
  const queue = waiting(pairs)
  queue.join('b', [{ skill: 55 }, { skill: 55 }], { at: 0 })
  queue.join('a', { skill: 50 }, { at: 1 })
  queue.join('c', { skill: 68 }, { at: 2 })
  queue.join('d', { skill: 90 }, { at: 3 })
  queue.pass(4)
  const why = explain(queue.matcher, 'a', 4000)
  expect(why?.position).toBe(2)
  expect(why?.fits).toEqual([
    { afterSeconds: 0, tickets: 1, players: 2 },
    { afterSeconds: 10, tickets: 2, players: 3 },
    { afterSeconds: 30, tickets: 3, players: 4 },
  ])
  // At 12 seconds c waits for 10: then they are a match.
  expect(queue.pass(11.9)).toEqual([])
  expect(queue.pass(12)).toHaveLength(1)
})

test('the rule that keeps most others out is named', () => {
  const queue = waiting(pairs)
  queue.join('a', {})
  for (let i = 0; i < 3; i++) queue.join(`far${i}`, { skill: 62 + 30 * i })
  queue.pass(0)
  expect(explain(queue.matcher, 'a', 0)?.waitsFor).toEqual({ kind: 'rule', rule: 'Near' })
  queue.join('siege', { mode: 'siege' })
  for (let i = 0; i < 8; i++) queue.join(`siege${i}`, { mode: 'siege', skill: 200 + 100 * i })
  queue.pass(0)
  expect(explain(queue.matcher, 'a', 0)?.waitsFor).toEqual({ kind: 'rule', rule: 'SameMode' })
})

test('enough who fit one by one, but no team: the seats that stay open are told', () => {
  const roles = {
    ...pairs,
    teams: ['tank', 'fighter'].map((name) => ({ name, minPlayers: 1, maxPlayers: 1 })),
    rules: ['tank', 'fighter'].map((name) => ({
      name,
      type: 'comparison',
      measurements: [`teams[${name}].players.attributes[role]`],
      referenceValue: name,
      operation: '=',
    })),
    expansions: [],
  }
  const queue = waiting(roles)
  for (let i = 0; i < 5; i++) queue.join(`f${i}`, {})
  queue.pass(0)
  expect(explain(queue.matcher, 'f0', 0)?.waitsFor).toMatchObject({ kind: 'players', players: 1 })
})

test('a rule over all of them is named when everybody fits but the whole does not', () => {
  const queue = waiting({
    ...pairs,
    rules: [
      {
        name: 'Strong',
        type: 'comparison',
        measurements: ['avg(flatten(teams[*].players.attributes[skill]))'],
        referenceValue: 60,
        operation: '>=',
      },
    ],
    expansions: [],
  })
  for (let i = 0; i < 4; i++) queue.join(`t${i}`, {})
  expect(explain(queue.matcher, 't0', 0)?.waitsFor).toEqual({ kind: 'pass' })
  queue.pass(0)
  expect(explain(queue.matcher, 't0', 0)?.waitsFor).toEqual({ kind: 'rule', rule: 'Strong' })
})

test('among very many it looks at some, says so, and changes nothing', () => {
  const queue = waiting({
    ...pairs,
    teams: [{ name: 'lot', minPlayers: 40, maxPlayers: 40 }],
    rules: [],
    expansions: [],
  })
  for (let i = 0; i < 2 * matchWhyMax; i++) queue.join(`t${i}`, {})
  const why = explain(queue.matcher, 't500', 0)
  expect(why).toMatchObject({ atLeast: true, position: matchWhyMax + 1 })
  expect(queue.pass(0)).toHaveLength(Math.floor((2 * matchWhyMax) / 40))
})

test('how long the last ones have waited is told', () => {
  const queue = waiting(pairs)
  for (let i = 0; i < 4; i++) queue.join(`t${i}`, {}, { at: i })
  queue.pass(5)
  queue.join('a', {}, { at: 6 })
  expect(explain(queue.matcher, 'a', 6000)?.lastWaitsMs).toEqual({ median: 4000, most: 5000 })
})
