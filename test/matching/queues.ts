// Random rule sets of a family that has all kinds of rules, and random queues for them.
import fc from 'fast-check'
import type { MatchPlayer, MatchTicket } from '#shared/matching/match-ticket.ts'
import type { RuleSetJson } from './checker.ts'

type Teams = RuleSetJson['teams']
type Expansions = NonNullable<RuleSetJson['expansions']>
type Choice = { rules: readonly Record<string, unknown>[]; expansions?: Expansions; plain: boolean }

const everybody = (attribute: string) => `flatten(teams[*].players.attributes[${attribute}])`
const distances = fc.constantFrom(0, 5, 10, 20)

const relaxing = (target: string, value: number): Expansions => [
  {
    target,
    steps: [
      { waitTimeSeconds: 3, value },
      { waitTimeSeconds: 8, value: value * 2 },
    ],
  },
]

/** Rules by name. `plain`: they are only ever broken for good, and do not tell one team from another. */
function choices(teams: Teams, expanding: boolean): fc.Arbitrary<Choice>[] {
  const relax = (target: string, value: number) =>
    expanding ? { expansions: relaxing(target, value) } : {}
  const [first, second] = teams
  const spread = (name: string, distance: number, extra = {}) => ({
    name,
    type: 'distance',
    measurements: [`max(${everybody('skill')})`],
    referenceValue: `min(${everybody('skill')})`,
    maxDistance: distance,
    ...extra,
  })
  const sameMode = {
    name: 'SameMode',
    type: 'comparison',
    operation: '=',
    measurements: [everybody('mode')],
  }
  const list: fc.Arbitrary<Choice>[] = [
    distances.map((d) => ({
      rules: [spread('Spread', d)],
      ...relax('rules[Spread].maxDistance', d + 15),
      plain: true,
    })),
    distances.map((d) => ({
      rules: [{ name: 'Batch', type: 'batchDistance', batchAttribute: 'skill', maxDistance: d }],
      ...relax('rules[Batch].maxDistance', d + 15),
      plain: true,
    })),
    fc.constant({ rules: [sameMode], plain: true }),
    fc.constant({
      rules: [{ name: 'Mode', type: 'batchDistance', batchAttribute: 'mode' }],
      plain: true,
    }),
    fc.constant({
      rules: [{ ...sameMode, name: 'OtherMode', operation: '!=', measurements: everybody('mode') }],
      plain: true,
    }),
    fc.constantFrom('min', 'max', 'avg').map((partyAggregation) => ({
      rules: [spread('Parties', 10, { partyAggregation })],
      plain: true,
    })),
    fc.constant({
      rules: [
        {
          name: 'Blocked',
          type: 'collection',
          operation: 'reference_intersection_count',
          measurements: everybody('blocked'),
          referenceValue: 'flatten(teams[*].players[playerId])',
          maxCount: 0,
        },
      ],
      ...relax('rules[Blocked].maxCount', 1),
      plain: true,
    }),
    fc.record({ ms: fc.constantFrom(50, 100), far: fc.boolean() }).map(({ ms, far }) => ({
      rules: [
        {
          name: 'Fast',
          type: 'latency',
          maxLatency: ms,
          ...(far && { maxDistance: 40, distanceReference: 'min' }),
        },
      ],
      ...relax('rules[Fast].maxLatency', 150),
      plain: !far,
    })),
    distances.map((d) => ({
      rules: [
        {
          name: 'Fair',
          type: 'distance',
          measurements: ['avg(teams[*].players.attributes[skill])'],
          referenceValue: `avg(${everybody('skill')})`,
          maxDistance: d,
        },
      ],
      ...relax('rules[Fair].maxDistance', d + 20),
      plain: false,
    })),
    distances.map((d) => ({
      rules: [
        {
          name: 'NearAverage',
          type: 'distance',
          measurements: [everybody('skill')],
          referenceValue: `avg(${everybody('skill')})`,
          maxDistance: d,
        },
      ],
      plain: false,
    })),
    fc.constantFrom('median', 'stddev', 'sum', 'avg').map((name) => ({
      rules: [
        {
          name: 'Statistic',
          type: 'comparison',
          measurements: [`${name}(${everybody('skill')})`],
          referenceValue: { median: 15, stddev: 10, sum: 60, avg: 12 }[name],
          operation: '<=',
        },
      ],
      plain: false,
    })),
    fc.record({ min: fc.nat(1), max: fc.integer({ min: 1, max: 2 }) }).map(({ min, max }) => ({
      rules: [
        {
          name: 'Healers',
          type: 'collection',
          operation: 'contains',
          measurements: [everybody('roles')],
          referenceValue: 'healer',
          minCount: min,
          maxCount: max,
        },
      ],
      plain: false,
    })),
    fc.constantFrom('union', 'intersection', undefined).map((partyAggregation) => ({
      rules: [
        {
          name: 'SharedRole',
          type: 'collection',
          operation: 'intersection',
          measurements: [everybody('roles')],
          minCount: 1,
          ...(partyAggregation && { partyAggregation }),
        },
      ],
      ...relax('rules[SharedRole].minCount', 0),
      plain: true,
    })),
    fc.constantFrom('or(A,B)', 'and(A,not(B))', 'xor(A,B)', 'or(not(A),B)').map((statement) => ({
      rules: [
        spread('A', 5),
        { ...sameMode, name: 'B' },
        { name: 'Either', type: 'compound', statement },
      ],
      ...relax('rules[A].maxDistance', 25),
      plain: false,
    })),
    fc.constant({
      rules: [
        {
          name: 'FirstIsGood',
          type: 'comparison',
          measurements: [`teams[${first!.name}].players.attributes[skill]`],
          referenceValue: 20,
          operation: '>=',
        },
      ],
      ...relax('rules[FirstIsGood].referenceValue', 10),
      plain: false,
    }),
    fc.constantFrom('ascending', 'descending').map((sortDirection) => ({
      rules: [{ name: 'Sort', type: 'distanceSort', sortDirection, sortAttribute: 'skill' }],
      plain: false,
    })),
  ]
  if (second !== undefined) {
    list.push(
      fc.constant({
        rules: [
          {
            name: 'EqualSizes',
            type: 'comparison',
            measurements: [`count(teams[${first!.name}].players)`],
            referenceValue: `count(teams[${second.name}].players)`,
            operation: '=',
          },
        ],
        plain: false,
      }),
    )
  }
  return list
}

const teamSets: Teams[] = [
  [
    { name: 'a', minPlayers: 1, maxPlayers: 1 },
    { name: 'b', minPlayers: 1, maxPlayers: 1 },
  ],
  [{ name: 'duo', minPlayers: 2, maxPlayers: 2, quantity: 2 }],
  [
    { name: 'a', minPlayers: 1, maxPlayers: 3 },
    { name: 'b', minPlayers: 1, maxPlayers: 3 },
  ],
  [{ name: 'solo', minPlayers: 2, maxPlayers: 4 }],
  [{ name: 'pair', minPlayers: 1, maxPlayers: 2, quantity: 3 }],
  [
    { name: 'a', minPlayers: 1, maxPlayers: 2 },
    { name: 'b', minPlayers: 0, maxPlayers: 2 },
  ],
]
const fixedTeamSets = teamSets.filter((teams) =>
  teams.every(({ minPlayers, maxPlayers }) => minPlayers === maxPlayers),
)

const attributes = [
  { name: 'skill', type: 'number', default: 20 },
  { name: 'mode', type: 'string', default: 'duel' },
  { name: 'roles', type: 'string_list', default: ['fighter'] },
  { name: 'blocked', type: 'string_list', default: [] },
]

/**
 * `plain`: teams of a fixed size unless they are `flexible`, nothing that relaxes, and rules that only ever are broken
 * for good.
 */
export type Family = { plain?: boolean; flexible?: boolean }

export function ruleSets({
  plain = false,
  flexible = !plain,
}: Family = {}): fc.Arbitrary<RuleSetJson> {
  return fc
    .record({
      teams: fc.constantFrom(...(flexible ? teamSets : fixedTeamSets)),
      expanding: fc.boolean(),
      oldest: fc.boolean(),
      priority: fc.constantFrom('normal', 'high', 'low'),
      shrinking: fc.boolean(),
    })
    .chain(({ teams, expanding, oldest, priority, shrinking }) => {
      const all = choices(teams, expanding && !plain)
      return fc
        .subarray([...all.keys()], { minLength: 0, maxLength: 3 })
        .chain((picked) => fc.tuple(...picked.map((i) => all[i]!)))
        .map((chosen) => {
          const used = plain ? chosen.filter((choice) => choice.plain) : chosen
          const shrinks =
            shrinking && !plain && teams[0]!.minPlayers > 1
              ? [
                  {
                    target: `teams[${teams[0]!.name}].minPlayers`,
                    steps: [{ waitTimeSeconds: 5, value: 1 }],
                  },
                ]
              : []
          return {
            ruleLanguageVersion: '1.0',
            playerAttributes: attributes,
            teams,
            rules: used.flatMap(({ rules }) => rules),
            expansions: [...used.flatMap(({ expansions = [] }) => expansions), ...shrinks],
            algorithm: {
              expansionAgeSelection: oldest ? 'oldest' : 'newest',
              backfillPriority: priority,
            },
          }
        })
    })
}

const player = fc.record({
  skill: fc.constantFrom(0, 5, 10, 20, 30),
  mode: fc.constantFrom('duel', 'duel', 'siege'),
  roles: fc.subarray(['tank', 'healer', 'fighter'], { minLength: 1 }),
  blocked: fc.subarray(['p0.0', 'p1.0', 'p2.0']),
  bare: fc.boolean(),
  latencies: fc.record({ north: fc.constantFrom(30, 80, 140), south: fc.constantFrom(40, 120) }),
})

const party = (sizes: readonly number[]) =>
  fc.constantFrom(...sizes).chain((size) => fc.array(player, { minLength: size, maxLength: size }))

const attributesOf = (each: {
  skill: number
  mode: string
  roles: string[]
  blocked: string[]
}): MatchPlayer['attributes'] => ({
  skill: { N: each.skill },
  mode: { S: each.mode },
  roles: { SL: each.roles },
  blocked: { SL: each.blocked },
})

export type Event =
  | { kind: 'add'; ticket: MatchTicket }
  | { kind: 'cancel'; ticketId: string }
  | { kind: 'pass'; now: number }

/** Tickets that come, some that go, and passes; time goes on by up to 4 s between two events. */
export function queues(
  teamNames: readonly string[],
  { tickets, single = false }: { tickets: number; single?: boolean },
): fc.Arbitrary<Event[]> {
  const events = fc.array(
    fc.record({
      kind: fc.constantFrom('add', 'add', 'add', 'add', 'pass', 'cancel'),
      players: party(single ? [1] : [1, 1, 1, 1, 2, 2, 3]),
      waitMs: fc.constantFrom(0, 0, 1, 500, 1000, 4000),
      backfill: fc.integer({ min: 0, max: 9 }),
      which: fc.nat(),
      team: fc.constantFrom(...teamNames),
    }),
    { minLength: 1, maxLength: tickets, size: 'max' },
  )
  return events.map((list) => {
    let now = 1000
    let count = 0
    return list.flatMap(({ kind, players, waitMs, backfill, which, team }): Event[] => {
      now += waitMs
      if (kind === 'pass') return [{ kind: 'pass', now }]
      if (kind === 'cancel') return [{ kind: 'cancel', ticketId: `t${which % (count + 1)}` }]
      const n = count++
      const fills = backfill === 0 && !single
      return [
        {
          kind: 'add',
          ticket: {
            ticketId: `t${n}`,
            createdAt: now,
            backfill: fills,
            players: players.slice(0, fills ? 1 : undefined).map((each, i) => ({
              playerId: `p${n}.${i}`,
              attributes: each.bare ? {} : attributesOf(each),
              latencies: each.latencies,
              ...(fills && { team }),
            })),
          },
        },
      ]
    })
  })
}

export const namesOf = ({ teams }: RuleSetJson): string[] =>
  teams.flatMap(({ name, quantity = 1 }) =>
    quantity === 1 ? [name] : Array.from({ length: quantity }, (_, i) => `${name}_${i + 1}`),
  )
