// Tickets: who may wait, who leaves, and how hostile ones end.
import { describe, expect, test } from 'vitest'
import { matchTicketSchema } from '#shared/matching/match-ticket.ts'
import { idsOf, ticketOf, teamsOf, waiting } from './waiting.ts'

const rules = {
  ruleLanguageVersion: '1.0',
  playerAttributes: [
    { name: 'skill', type: 'number', default: 10 },
    { name: 'roles', type: 'string_list', default: [] },
    { name: 'maps', type: 'string_number_map', default: {} },
  ],
  teams: [
    { name: 'red', minPlayers: 1, maxPlayers: 3 },
    { name: 'blue', minPlayers: 1, maxPlayers: 3 },
  ],
}

describe('a ticket', () => {
  test('is refused by name where no match can ever hold it', () => {
    const queue = waiting(rules)
    const four = Array.from({ length: 4 }, () => ({}))
    expect(queue.refusal('t', four)).toEqual({ code: 'ticket.too_large' })
    expect(queue.refusal('t', [{ id: 'a' }, { id: 'a' }])).toEqual({
      code: 'player.twice',
      playerId: 'a',
    })
    expect(queue.refusal('t', { id: 'a', speed: 1 })).toEqual({
      code: 'attribute.unknown',
      attribute: 'speed',
      playerId: 'a',
    })
    expect(queue.refusal('t', { id: 'a', skill: 'high' })).toMatchObject({ code: 'attribute.type' })
    expect(queue.refusal('t', { id: 'a', team: 'red' })).toMatchObject({ code: 'team.unknown' })
    expect(queue.matcher.entries.size).toBe(0)
  })

  test('that breaks a rule by itself is refused with the rule, unless the rule relaxes for it later', () => {
    const near = (expansions: object[]) => ({
      ...rules,
      rules: [
        {
          name: 'Good',
          type: 'comparison',
          measurements: ['flatten(teams[*].players.attributes[skill])'],
          operation: '>=',
          referenceValue: 20,
        },
      ],
      expansions,
    })
    expect(waiting(near([])).refusal('t', {})).toEqual({
      code: 'ticket.unmatchable',
      rules: ['Good'],
    })
    const later = near([
      { target: 'rules[Good].referenceValue', steps: [{ waitTimeSeconds: 9, value: 10 }] },
    ])
    const queue = waiting(later)
    queue.join('a', {})
    queue.join('b', {})
    expect(queue.pass(8)).toEqual([])
    expect(queue.pass(9)).toHaveLength(1)
  })

  test('is one for each player: not a second one, alone or in a party', () => {
    const queue = waiting(rules)
    queue.join('t', [{ id: 'a' }, { id: 'b' }])
    expect(queue.refusal('t', { id: 'c' })).toEqual({ code: 'ticket.known' })
    expect(queue.refusal('u', [{ id: 'c' }, { id: 'b' }])).toEqual({
      code: 'player.waiting',
      playerId: 'b',
      ticketId: 't',
    })
    expect(queue.cancel('t')).toBe(true)
    queue.join('u', [{ id: 'c' }, { id: 'b' }])
  })

  test('that is cancelled is in no match, and one that is in a match cannot be cancelled', () => {
    const queue = waiting(rules)
    queue.join('a', {})
    expect([queue.cancel('a'), queue.cancel('a'), queue.cancel('never')]).toEqual([
      true,
      false,
      false,
    ])
    queue.join('b', {})
    expect(queue.pass(0)).toEqual([])
    queue.join('c', {})
    expect(queue.pass(0)).toHaveLength(1)
    expect(queue.cancel('b')).toBe(false)
    queue.join('b', {})
  })

  test('that comes back with its old time is the oldest again', () => {
    const pairs = { ...rules, teams: [{ name: 'pair', minPlayers: 2, maxPlayers: 2 }] }
    const queue = waiting(pairs)
    queue.join('new', {}, { at: 50 })
    queue.join('newest', {}, { at: 60 })
    queue.join('back', {}, { at: 1 })
    expect(idsOf(queue.pass(60)[0])).toEqual(['back', 'new'])
  })

  test('of a party counts as many as it has players, and stays in one team', () => {
    const queue = waiting({
      ...rules,
      teams: rules.teams.map((team) => ({ ...team, minPlayers: 3 })),
    })
    queue.join('pair', [{}, {}])
    queue.join('other', [{}, {}])
    queue.join('third', [{}, {}])
    expect(queue.pass(0)).toEqual([])
    queue.join('one', {})
    queue.join('two', {})
    const teams = teamsOf(queue.pass(0)[0])
    expect(Object.values(teams).map((players) => players.length)).toEqual([3, 3])
    expect(
      Object.values(teams).some(
        (players) => players.includes('pair.0') && players.includes('pair.1'),
      ),
    ).toBe(true)
  })
})

describe('a backfill ticket', () => {
  const four = {
    ...rules,
    teams: rules.teams.map((team) => ({ ...team, minPlayers: 2, maxPlayers: 2 })),
  }
  const running = [
    { id: 'x', team: 'red' },
    { id: 'y', team: 'blue' },
    { id: 'z', team: 'blue' },
  ]

  test('gets those who fit into its open seats, and its players stay where they are', () => {
    const queue = waiting(four)
    queue.join('game', running, { backfill: true })
    expect(queue.pass(0)).toEqual([])
    queue.join('pair', [{}, {}])
    expect(queue.pass(0)).toEqual([])
    queue.join('one', {})
    const [match] = queue.pass(0)
    expect(match?.backfill).toBe('game')
    expect(teamsOf(match)).toEqual({ blue: ['y', 'z'], red: ['one', 'x'] })
  })

  test('is never matched with another one, or with a ticket of its own players', () => {
    const queue = waiting(four)
    queue.join('game', running, { backfill: true })
    queue.join('other', [{ id: 'u', team: 'red' }], { backfill: true })
    queue.join('again', { id: 'x' })
    expect(queue.pass(0)).toEqual([])
  })

  test('comes before or behind others, as the rule set says', () => {
    for (const [backfillPriority, backfill] of [
      ['high', 'game'],
      ['normal', undefined],
      ['low', undefined],
    ] as const) {
      const queue = waiting({ ...four, algorithm: { backfillPriority } })
      for (let i = 0; i < 4; i++) queue.join(`t${i}`, {}, { at: i })
      queue.join('game', running, { at: 5, backfill: true })
      expect(queue.pass(9)[0]?.backfill, backfillPriority).toBe(backfill)
    }
  })

  test('needs a team of each player, that there is', () => {
    const queue = waiting(rules)
    expect(queue.refusal('game', [{ id: 'x', team: 'green' }], { backfill: true })).toMatchObject({
      code: 'team.unknown',
    })
    expect(queue.refusal('game', [{ id: 'x' }], { backfill: true })).toMatchObject({
      code: 'team.unknown',
    })
  })
})

describe('at the edge', () => {
  const parse = (value: unknown) => matchTicketSchema.safeParse(value).success
  const player = { playerId: 'a' }
  const ticket = { ticketId: 't', createdAt: 1, players: [player] }
  const withAttributes = (attributes: unknown) => ({
    ...ticket,
    players: [{ ...player, attributes }],
  })
  const many = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, value]))

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no players', { ...ticket, players: [] }],
    [
      'too many players',
      { ...ticket, players: Array.from({ length: 200 }, (_, i) => ({ playerId: `p${i}` })) },
    ],
    ['a time that is none', { ...ticket, createdAt: NaN }],
    ['an unknown key', { ...ticket, rating: 5 }],
    ['no number', withAttributes({ skill: { N: NaN } })],
    ['a number without end', withAttributes({ skill: { N: Infinity } })],
    ['a number as text', withAttributes({ skill: { N: '23' } })],
    ['two values at once', withAttributes({ skill: { N: 1, S: 'a' } })],
    ['eleven attributes', withAttributes(many(11, { N: 1 }))],
    ['a hundred thousand attributes', withAttributes(many(100_000, { N: 1 }))],
    [
      'a list of 101',
      withAttributes({ roles: { SL: Array.from({ length: 101 }, (_, i) => `r${i}`) } }),
    ],
    ['a map of 11', withAttributes({ maps: { SDM: many(11, 1) } })],
    ['an empty word', withAttributes({ roles: { SL: [''] } })],
    ['half a millisecond', { ...ticket, players: [{ ...player, latencies: { eu: 0.5 } }] }],
    [
      'a hundred thousand regions',
      { ...ticket, players: [{ ...player, latencies: many(100_000, 5) }] },
    ],
  ])('%s is refused', (_, value) => {
    const began = performance.now()
    expect(parse(value)).toBe(false)
    expect(performance.now() - began).toBeLessThan(1000)
  })

  test('a ticket as FlexMatch has it is taken', () => {
    expect(
      parse({
        ...withAttributes({ skill: { N: 1.5 }, roles: { SL: ['a'] }, maps: { SDM: { lake: 1 } } }),
        backfill: false,
      }),
    ).toBe(true)
  })

  test('the greatest numbers there are do no harm', () => {
    const queue = waiting({
      ...rules,
      rules: [{ name: 'Near', type: 'batchDistance', batchAttribute: 'skill', maxDistance: 1e-3 }],
    })
    for (const [i, skill] of [1e308, -1e308, Number.MAX_VALUE, 1e17, 1e17, 0, -0, 5e-324].entries())
      queue.join(`t${i}`, { skill })
    expect(queue.pass(0).flatMap(idsOf).toSorted()).toEqual(['t3', 't4', 't5', 't6', 't7'])
  })

  test('tickets that nearly fit cost a bounded search each', () => {
    const queue = waiting({
      ...rules,
      teams: [{ name: 'all', minPlayers: 12, maxPlayers: 12 }],
      // No twelve of them have this sum, and no rule can say so before the end.
      rules: [
        {
          name: 'Sum',
          type: 'comparison',
          measurements: ['sum(flatten(teams[*].players.attributes[skill]))'],
          operation: '=',
          referenceValue: 300.5,
        },
      ],
    })
    for (let i = 0; i < 40; i++) queue.join(`t${i}`, { skill: i })
    const began = performance.now()
    expect(queue.pass(1)).toEqual([])
    expect(queue.matcher.entries.size).toBe(40)
    expect(performance.now() - began).toBeLessThan(20_000)
  })
})

test('ticketOf makes what the schema takes', () => {
  const ticket = ticketOf('t', [{ skill: 1, latencies: { eu: 5 } }, {}], { at: 3 })
  expect(matchTicketSchema.parse(ticket)).toEqual(ticket)
})
