// Property expressions, each by a rule set with a rule that compares it: the match is made when the value is that one.
import { expect, test } from 'vitest'
import { waiting } from './waiting.ts'

/** Two red players and one of each blue team. */
function matches(rule: object, reds: number[] = [10, 20], blues: number[] = [30, 70]): boolean {
  const team = (name: string, size: number) => ({ name, minPlayers: size, maxPlayers: size })
  const queue = waiting({
    ruleLanguageVersion: '1.0',
    playerAttributes: [
      { name: 'skill', type: 'number' },
      { name: 'side', type: 'string' },
      { name: 'roles', type: 'string_list', default: ['any'] },
    ],
    teams: [team('red', reds.length), { ...team('blue', 1), quantity: blues.length }],
    rules: [
      ...['red', 'blue'].map((side) => ({
        name: side,
        type: 'comparison',
        measurements: [`teams[${side}].players.attributes[side]`],
        referenceValue: side,
        operation: '=',
      })),
      rule,
    ],
  })
  // A value that can only be missed may be told at once, so some are refused.
  for (const [i, skill] of reds.entries())
    queue.refusal(`r${i}`, { side: 'red', skill, roles: ['a', `r${i}`] })
  for (const [i, skill] of blues.entries())
    queue.refusal(`b${i}`, { side: 'blue', skill, roles: ['a', 'b'] })
  return queue.pass(0).length === 1
}

const equals = (expression: string, value: number) => ({
  name: 'Value',
  type: 'comparison',
  measurements: [expression],
  referenceValue: value,
  operation: '=',
})
const all = 'flatten(teams[*].players.attributes[skill])'

test.each<[string, number]>([
  [`min(${all})`, 10],
  [`max(${all})`, 70],
  [`avg(${all})`, 32.5],
  [`sum(${all})`, 130],
  // Of an even number of values the mean of the two in the middle; the deviation of all, not of a sample.
  [`median(${all})`, 25],
  ['median(teams[red].players.attributes[skill])', 15],
  ['stddev(teams[red].players.attributes[skill])', 5],
  [`count(${all})`, 4],
  ['count(teams[red].players)', 2],
  ['count (teams[blue_1].players)', 1],
  ['max(count(teams[*].players))', 2],
  ['min(count(teams[red,blue].players))', 1],
  ['max(avg(teams[*].players.attributes[skill]))', 70],
  ['min(avg(teams[ red , blue_2 ].players.attributes[skill]))', 15],
  ['sum(sum(teams[*].players.attributes[skill]))', 130],
  ['avg(flatten(teams[blue].players.attributes[skill]))', 50],
  ['count(flatten(teams[*].players[playerId]))', 4],
  ['count(flatten(team[*].players[playerid]))', 4],
  [`count(set_intersection(flatten(teams[*].players.attributes[roles])))`, 1],
  ['max(count(set_intersection(teams[*].players.attributes[roles])))', 2],
])('%s is %d', (expression, value) => {
  expect(matches(equals(expression, value))).toBe(true)
  expect(matches(equals(expression, value + 1))).toBe(false)
})

test('one value a team is compared team by team', () => {
  const rule = (referenceValue: number) => ({
    name: 'Value',
    type: 'comparison',
    measurements: ['avg(teams[*].players.attributes[skill])'],
    referenceValue,
    operation: '>=',
  })
  expect(matches(rule(15))).toBe(true)
  expect(matches(rule(15.5))).toBe(false)
})

test('a party counts as one number where the rule says so, and each of its players where not', () => {
  const document = (partyAggregation?: string) => ({
    ruleLanguageVersion: '1.0',
    playerAttributes: [{ name: 'skill', type: 'number' }],
    teams: [{ name: 'all', minPlayers: 3, maxPlayers: 3 }],
    rules: [
      {
        name: 'Spread',
        type: 'distance',
        measurements: ['max(flatten(teams[*].players.attributes[skill]))'],
        referenceValue: 'min(flatten(teams[*].players.attributes[skill]))',
        maxDistance: 5,
        partyAggregation,
      },
    ],
  })
  for (const [party, third, matched] of [
    ['avg', 50, true],
    ['min', 45, true],
    ['max', 55, true],
    ['max', 50, true],
    ['max', 49, false],
  ] as const) {
    const queue = waiting(document(party))
    queue.join('party', [{ skill: 45 }, { skill: 55 }])
    queue.join('third', { skill: third })
    expect(queue.pass(0), `${party} ${third}`).toHaveLength(matched ? 1 : 0)
  }
  // Its own players are too far apart: no match can hold them.
  const apart = [{ skill: 45 }, { skill: 55 }]
  expect(waiting(document()).refusal('party', apart)).toEqual({
    code: 'ticket.unmatchable',
    rules: ['Spread'],
  })
})

test('a team without players decides nothing', () => {
  const queue = waiting({
    ruleLanguageVersion: '1.0',
    playerAttributes: [{ name: 'skill', type: 'number' }],
    teams: [
      { name: 'red', minPlayers: 1, maxPlayers: 1 },
      { name: 'guests', minPlayers: 0, maxPlayers: 1 },
    ],
    rules: [equals('avg(teams[guests].players.attributes[skill])', 5)],
  })
  queue.join('a', { skill: 9 })
  expect(queue.pass(0)).toHaveLength(1)
  queue.join('b', { skill: 9 })
  queue.join('c', { skill: 5 })
  expect(queue.pass(0)[0]?.teams.map(({ playerIds }) => playerIds)).toEqual([['b'], ['c']])
})
