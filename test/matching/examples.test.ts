// The eleven examples of FlexMatch's rule reference: what their text says happens, happens. The rule sets say the same
// in our own words.
import { describe, expect, test } from 'vitest'
import { idsOf, sizesOf, teamsOf, waiting } from './waiting.ts'

const version = { ruleLanguageVersion: '1.0' }
const all = (attribute: string) => `flatten(teams[*].players.attributes[${attribute}])`

describe('1. two teams with evenly matched players', () => {
  const rules = {
    ...version,
    playerAttributes: [{ name: 'skill', type: 'number', default: 10 }],
    teams: [
      { name: 'north', minPlayers: 4, maxPlayers: 8 },
      { name: 'south', minPlayers: 4, maxPlayers: 8 },
    ],
    rules: [
      {
        name: 'Fair',
        type: 'distance',
        measurements: ['avg(teams[*].players.attributes[skill])'],
        referenceValue: `avg(${all('skill')})`,
        maxDistance: 10,
      },
      {
        name: 'EqualSizes',
        type: 'comparison',
        measurements: ['count(teams[north].players)'],
        referenceValue: 'count(teams[south].players)',
        operation: '=',
      },
    ],
    expansions: [
      {
        target: 'rules[Fair].maxDistance',
        steps: [
          { waitTimeSeconds: 5, value: 50 },
          { waitTimeSeconds: 15, value: 100 },
        ],
      },
    ],
  }

  test('both teams are as large as the other, and as large as can be', () => {
    for (const [count, size] of [
      [8, 4],
      [11, 5],
      [16, 8],
      [21, 8],
    ] as const) {
      const queue = waiting(rules)
      for (let i = 0; i < count; i++) queue.join(`t${i}`, { skill: 40 + (i % 5) })
      expect(sizesOf(queue.pass(1)[0]), `${count} players`).toEqual([size, size])
    }
  })

  test('seven players wait, and a player without a skill has 10', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 7; i++) queue.join(`t${i}`, {})
    expect(queue.pass(1)).toEqual([])
    queue.join('t7', { skill: 10 })
    expect(sizesOf(queue.pass(1)[0])).toEqual([4, 4])
  })

  test('averages may lie 10 from that of all, 50 after 5 seconds, 100 after 15', () => {
    // One party of strong players and one of weak ones: the averages are 30, or 90, from that of all.
    for (const [skill, second] of [
      [30, 0],
      [100, 5],
      [190, 15],
    ] as const) {
      const queue = waiting(rules)
      for (const [id, each] of [
        ['strong', skill],
        ['weak', 10],
      ] as const)
        queue.join(
          id,
          Array.from({ length: 4 }, () => ({ skill: each })),
        )
      if (second > 0) expect(queue.pass(second - 0.001)).toEqual([])
      expect(queue.pass(second)).toHaveLength(1)
    }
  })

  test('one definition with a quantity makes teams with numbers', () => {
    const queue = waiting({
      ...rules,
      teams: [{ name: 'side', minPlayers: 4, maxPlayers: 8, quantity: 2 }],
      rules: rules.rules.slice(0, 1),
    })
    for (let i = 0; i < 8; i++) queue.join(`t${i}`, {})
    expect(Object.keys(teamsOf(queue.pass(0)[0]))).toEqual(['side_1', 'side_2'])
  })
})

describe('2. uneven teams: hunters against a monster', () => {
  const rules = {
    ...version,
    playerAttributes: [
      { name: 'skill', type: 'number', default: 10 },
      { name: 'wishedSkill', type: 'number', default: 10 },
      { name: 'isMonster', type: 'number', default: 0 },
    ],
    teams: [
      { name: 'hunters', minPlayers: 5, maxPlayers: 5 },
      { name: 'monster', minPlayers: 1, maxPlayers: 1 },
    ],
    rules: [
      {
        name: 'Monster',
        type: 'comparison',
        measurements: ['teams[monster].players.attributes[isMonster]'],
        referenceValue: 1,
        operation: '=',
      },
      {
        name: 'Hunter',
        type: 'comparison',
        measurements: ['teams[hunters].players.attributes[isMonster]'],
        referenceValue: 0,
        operation: '=',
      },
      {
        name: 'MonsterSkill',
        type: 'comparison',
        measurements: ['avg(teams[monster].players.attributes[skill])'],
        referenceValue: 'max(teams[hunters].players.attributes[wishedSkill])',
        operation: '>=',
      },
    ],
    expansions: [
      {
        target: 'teams[hunters].minPlayers',
        steps: [
          { waitTimeSeconds: 30, value: 4 },
          { waitTimeSeconds: 60, value: 3 },
        ],
      },
    ],
  }

  test('who wants to be the monster is it, and nobody else', () => {
    const queue = waiting(rules)
    queue.join('m', { isMonster: 1, skill: 20 })
    for (let i = 0; i < 5; i++) queue.join(`h${i}`, {})
    expect(teamsOf(queue.pass(0)[0])).toEqual({
      hunters: ['h0', 'h1', 'h2', 'h3', 'h4'],
      monster: ['m'],
    })
    const monsters = waiting(rules)
    for (let i = 0; i < 6; i++) monsters.join(`m${i}`, { isMonster: 1 })
    expect(monsters.pass(0)).toEqual([])
  })

  test('the monster has at least the skill that the most demanding hunter wants', () => {
    const queue = waiting(rules)
    queue.join('weak', { isMonster: 1, skill: 29 })
    queue.join('h0', { wishedSkill: 30 })
    for (let i = 1; i < 5; i++) queue.join(`h${i}`, {})
    expect(queue.pass(0)).toEqual([])
    queue.join('strong', { isMonster: 1, skill: 30 })
    expect(teamsOf(queue.pass(1)[0])['monster']).toEqual(['strong'])
  })

  test('four hunters are enough after 30 seconds, three after 60', () => {
    for (const [hunters, second] of [
      [4, 30],
      [3, 60],
    ] as const) {
      const queue = waiting(rules)
      queue.join('m', { isMonster: 1 })
      for (let i = 0; i < hunters; i++) queue.join(`h${i}`, {})
      expect(queue.pass(second - 1)).toEqual([])
      expect(sizesOf(queue.pass(second)[0])).toEqual([hunters, 1])
    }
  })
})

describe('3. team-level requirements and latency limits', () => {
  const rules = {
    ...version,
    playerAttributes: [
      { name: 'skill', type: 'number', default: 10 },
      { name: 'trade', type: 'string_list', default: ['farmer'] },
    ],
    teams: [{ name: 'trio', minPlayers: 3, maxPlayers: 5, quantity: 3 }],
    rules: [
      {
        name: 'Fair',
        type: 'distance',
        measurements: ['avg(teams[*].players.attributes[skill])'],
        referenceValue: `avg(${all('skill')})`,
        maxDistance: 10,
      },
      {
        name: 'CloseSizes',
        type: 'distance',
        measurements: ['max(count(teams[*].players))'],
        referenceValue: 'min(count(teams[*].players))',
        maxDistance: 1,
      },
      {
        name: 'Medics',
        type: 'collection',
        measurements: [all('trade')],
        operation: 'contains',
        referenceValue: 'medic',
        maxCount: 5,
      },
      { name: 'Fast', type: 'latency', maxLatency: 50 },
    ],
    expansions: [
      {
        target: 'rules[Fast].maxLatency',
        steps: [
          { waitTimeSeconds: 10, value: 100 },
          { waitTimeSeconds: 20, value: 150 },
        ],
      },
    ],
  }
  const near = { latencies: { eu: 30 } }

  test('a difference of one player is fine, of two is not', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 10; i++) queue.join(`t${i}`, near)
    expect(sizesOf(queue.pass(0)[0]).toSorted()).toEqual([3, 3, 4])
    const parties = waiting(rules)
    for (const [id, size] of [
      ['a', 5],
      ['b', 5],
      ['c', 3],
    ] as const)
      parties.join(
        id,
        Array.from({ length: size }, () => near),
      )
    expect(parties.pass(0)).toEqual([])
  })

  test('five medics are in a match at most, also when a party brings two', () => {
    const medic = { ...near, trade: ['medic'] }
    const queue = waiting(rules)
    queue.join('pair', [medic, medic])
    for (let i = 0; i < 4; i++) queue.join(`medic${i}`, medic)
    for (let i = 0; i < 4; i++) queue.join(`t${i}`, near)
    const [match] = queue.pass(0)
    expect(match!.teams.flatMap(({ playerIds }) => playerIds)).toHaveLength(9)
    expect(idsOf(match)).not.toContain('medic3')
  })

  test('only players with a region of at most 50 ms, 100 after 10 seconds, 150 after 20', () => {
    for (const [ms, second] of [
      [50, 0],
      [100, 10],
      [150, 20],
    ] as const) {
      const queue = waiting(rules)
      for (let i = 0; i < 9; i++) queue.join(`t${i}`, { latencies: { eu: ms, us: 400 } })
      if (second > 0) expect(queue.pass(second - 1)).toEqual([])
      expect(queue.pass(second)[0]?.regions).toEqual(['eu'])
    }
  })

  test('a region that is too slow for one player is none for the match; who named none is refused', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 8; i++) queue.join(`t${i}`, { latencies: { eu: 20, us: 40 } })
    queue.join('t8', { latencies: { eu: 60, us: 45 } })
    expect(queue.pass(0)[0]?.regions).toEqual(['us'])
    expect(queue.refusal('silent', {})).toEqual({ code: 'latency.missing' })
  })
})

describe('4. explicit sorting', () => {
  const rules = {
    ...version,
    playerAttributes: [
      { name: 'experience', type: 'number', default: 50 },
      { name: 'modes', type: 'string_list', default: ['race', 'coop'] },
      { name: 'maps', type: 'string_number_map', default: { plain: 100 } },
      { name: 'acceptable', type: 'string_list', default: ['plain'] },
    ],
    teams: [
      { name: 'red', minPlayers: 3, maxPlayers: 3 },
      { name: 'blue', minPlayers: 3, maxPlayers: 3 },
    ],
    rules: [
      {
        name: 'Map',
        type: 'absoluteSort',
        sortDirection: 'descending',
        sortAttribute: 'maps',
        mapKey: 'maxValue',
      },
      {
        name: 'Experience',
        type: 'distanceSort',
        sortDirection: 'ascending',
        sortAttribute: 'experience',
      },
      {
        name: 'Mode',
        type: 'collection',
        operation: 'intersection',
        measurements: [all('modes')],
        minCount: 1,
      },
      {
        name: 'MapOverlap',
        type: 'collection',
        operation: 'intersection',
        measurements: [all('acceptable')],
        minCount: 1,
      },
    ],
  }

  test("who likes the oldest player's favourite map comes first, then who is as experienced", () => {
    const queue = waiting(rules)
    queue.join('oldest', { maps: { lake: 90, hill: 10 }, experience: 50 })
    queue.join('hates', { maps: { lake: 1, hill: 100 } }, { at: 1 })
    queue.join('unknown', { maps: { hill: 100 } }, { at: 1 })
    for (const [id, lake, experience] of [
      ['far', 80, 90],
      ['close', 80, 52],
      ['closer', 80, 51],
      ['most', 95, 10],
      ['middle', 80, 60],
      ['late', 80, 61],
    ] as const)
      queue.join(id, { maps: { lake }, experience }, { at: 2 })
    // The last to come makes the match possible; the order is that of the oldest.
    expect(idsOf(queue.pass(3)[0])).toEqual(['close', 'closer', 'late', 'middle', 'most', 'oldest'])
  })

  test('all have a mode and a map in common', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 5; i++) queue.join(`t${i}`, { modes: ['race'] })
    queue.join('other', { modes: ['coop'] })
    queue.join('elsewhere', { acceptable: ['lake'] })
    expect(queue.pass(0)).toEqual([])
    queue.join('t5', {})
    expect(queue.pass(1)).toHaveLength(1)
  })
})

describe('5. intersections across several attributes', () => {
  const rules = {
    ...version,
    playerAttributes: [
      { name: 'figure', type: 'string_list' },
      { name: 'opponents', type: 'string_list' },
    ],
    teams: [{ name: 'ring', minPlayers: 5, maxPlayers: 5 }],
    rules: [
      {
        name: 'Opponents',
        type: 'collection',
        operation: 'reference_intersection_count',
        measurements: [all('figure')],
        referenceValue: `set_intersection(${all('opponents')})`,
        minCount: 1,
      },
    ],
    expansions: [
      { target: 'rules[Opponents].minCount', steps: [{ waitTimeSeconds: 15, value: 0 }] },
    ],
  }
  const figures = ['ape', 'bat', 'cat', 'dog', 'elk']

  test('each figure is one that everybody wants to meet', () => {
    const queue = waiting(rules)
    for (const figure of figures.slice(0, 4))
      queue.join(figure, { figure: [figure], opponents: figures })
    queue.join('elk', { figure: ['elk'], opponents: figures.slice(1) })
    expect(queue.pass(0)).toEqual([])
    queue.join('elk2', { figure: ['elk'], opponents: figures })
    expect(idsOf(queue.pass(0)[0])).toEqual(['ape', 'bat', 'cat', 'dog', 'elk2'])
  })

  test('after 15 seconds anybody will do, and both attributes must be brought', () => {
    const queue = waiting(rules)
    for (const figure of figures) queue.join(figure, { figure: [figure], opponents: [figure] })
    expect(queue.pass(14.9)).toEqual([])
    expect(queue.pass(15)).toHaveLength(1)
    expect(queue.refusal('x', { figure: ['ape'] })).toMatchObject({
      code: 'attribute.missing',
      attribute: 'opponents',
    })
  })
})

describe('6. attributes across all players', () => {
  const rules = {
    ...version,
    playerAttributes: [
      { name: 'mode', type: 'string', default: 'turns' },
      { name: 'map', type: 'number', default: 1 },
      { name: 'figure', type: 'number' },
    ],
    teams: [{ name: 'player', minPlayers: 1, maxPlayers: 1, quantity: 2 }],
    rules: [
      { name: 'SameMode', type: 'comparison', operation: '=', measurements: [all('mode')] },
      { name: 'SameMap', type: 'comparison', operation: '=', measurements: [all('map')] },
      { name: 'OtherFigure', type: 'comparison', operation: '!=', measurements: [all('figure')] },
    ],
  }

  test('the same mode and map, another figure', () => {
    const queue = waiting(rules)
    queue.join('a', { figure: 1 })
    queue.join('mode', { figure: 2, mode: 'live' })
    queue.join('map', { figure: 2, map: 2 })
    queue.join('figure', { figure: 1 })
    expect(queue.pass(0)).toEqual([])
    queue.join('b', { figure: 2, mode: 'turns', map: 1 })
    expect(teamsOf(queue.pass(0)[0])).toEqual({ player_1: ['b'], player_2: ['a'] })
    expect(queue.refusal('c', {})).toMatchObject({ code: 'attribute.missing' })
  })
})

describe('7. a large match', () => {
  const rules = {
    ...version,
    playerAttributes: [{ name: 'skill', type: 'number' }],
    algorithm: {
      balancedAttribute: 'skill',
      strategy: 'balanced',
      batchingPreference: 'largestPopulation',
    },
    teams: [{ name: 'crowd', minPlayers: 175, maxPlayers: 200 }],
    rules: [{ name: 'Near', type: 'latency', maxLatency: 150 }],
    expansions: [
      { target: 'rules[Near].maxLatency', steps: [{ waitTimeSeconds: 12, value: 200 }] },
      {
        target: 'teams[crowd].minPlayers',
        steps: [
          { waitTimeSeconds: 10, value: 150 },
          { waitTimeSeconds: 15, value: 100 },
        ],
      },
    ],
  }
  const fill = (count: number, ms = 100) => {
    const queue = waiting(rules)
    for (let i = 0; i < count; i++)
      queue.join(`t${i}`, { skill: i, latencies: { eu: ms, us: 300 } })
    return queue
  }

  test('175 to 200 players, 150 after 10 seconds, 100 after 15', () => {
    expect(sizesOf(fill(230).pass(0)[0])).toEqual([200])
    expect(sizesOf(fill(175).pass(0)[0])).toEqual([175])
    for (const [count, second] of [
      [150, 10],
      [100, 15],
    ] as const) {
      const queue = fill(count)
      expect(queue.pass(second - 1)).toEqual([])
      expect(sizesOf(queue.pass(second)[0])).toEqual([count])
    }
  })

  test('a region of at most 150 ms in common, 200 after 12 seconds', () => {
    const queue = fill(180, 190)
    expect(queue.pass(11)).toEqual([])
    expect(queue.pass(12)[0]?.regions).toEqual(['eu'])
  })

  test('the largest population is found where its players have several regions', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 90; i++) queue.join(`us${i}`, { skill: 1, latencies: { us: 20, eu: 140 } })
    for (let i = 0; i < 90; i++)
      queue.join(`eu${i}`, { skill: 1, latencies: { eu: 20, asia: 140 } })
    for (let i = 0; i < 20; i++) queue.join(`as${i}`, { skill: 1, latencies: { asia: 20 } })
    const [match] = queue.pass(0)
    expect(match?.regions).toEqual(['eu'])
    expect(sizesOf(match)).toEqual([180])
  })
})

describe('8. a large match of several teams', () => {
  const rules = {
    ...version,
    playerAttributes: [{ name: 'kills', type: 'number', default: 5 }],
    algorithm: {
      balancedAttribute: 'kills',
      strategy: 'balanced',
      batchingPreference: 'fastestRegion',
    },
    teams: [
      { name: 'monsters', minPlayers: 5, maxPlayers: 5 },
      { name: 'hunters', minPlayers: 12, maxPlayers: 15, quantity: 10 },
    ],
    rules: [{ name: 'Near', type: 'latency', maxLatency: 150 }],
    expansions: [
      {
        target: 'teams[hunters].minPlayers',
        steps: [
          { waitTimeSeconds: 15, value: 10 },
          { waitTimeSeconds: 20, value: 8 },
        ],
      },
    ],
  }
  const fill = (count: number) => {
    const queue = waiting(rules)
    for (let i = 0; i < count; i++) queue.join(`t${i}`, { kills: i % 17, latencies: { eu: 50 } })
    return queue
  }

  test('five monsters and ten equal teams of hunters, which are full with 155 players', () => {
    expect(sizesOf(fill(155).pass(0)[0])).toEqual([5, ...Array<number>(10).fill(15)])
    const [monsters, ...hunters] = sizesOf(fill(140).pass(0)[0])
    expect([monsters, hunters.toSorted()]).toEqual([
      5,
      [...Array<number>(5).fill(13), ...Array<number>(5).fill(14)],
    ])
    expect(fill(124).pass(0)).toEqual([])
  })

  test('a smaller minimum holds for all teams of the definition', () => {
    const queue = fill(105)
    expect(queue.pass(14)).toEqual([])
    expect(sizesOf(queue.pass(15)[0])).toEqual([5, ...Array<number>(10).fill(10)])
    expect(sizesOf(fill(85).pass(20)[0])).toEqual([5, ...Array<number>(10).fill(8)])
  })

  test('teams are made equal in kills', () => {
    const [match] = fill(155).pass(0)
    const kills = new Map(
      match!.tickets.map(({ players }) => [players[0]!.playerId, players[0]!.attributes['kills']]),
    )
    const averages = match!.teams.map(({ playerIds }) => {
      const values = playerIds.map((id) => (kills.get(id) as { N: number }).N)
      return values.reduce((sum, each) => sum + each, 0) / values.length
    })
    expect(Math.max(...averages) - Math.min(...averages)).toBeLessThan(0.5)
  })
})

describe('9. a large match of players who are alike', () => {
  const rules = {
    ...version,
    playerAttributes: [
      { name: 'league', type: 'number' },
      { name: 'skill', type: 'number' },
      { name: 'map', type: 'string' },
      { name: 'mode', type: 'string' },
    ],
    algorithm: {
      strategy: 'balanced',
      balancedAttribute: 'skill',
      batchingPreference: 'fastestRegion',
    },
    teams: [
      { name: 'red', minPlayers: 100, maxPlayers: 100 },
      { name: 'blue', minPlayers: 100, maxPlayers: 100 },
    ],
    rules: [
      { name: 'League', type: 'batchDistance', batchAttribute: 'league', maxDistance: 2 },
      { name: 'Skill', type: 'batchDistance', batchAttribute: 'skill', maxDistance: '10' },
      { name: 'Map', type: 'batchDistance', batchAttribute: 'map' },
      { name: 'Mode', type: 'batchDistance', batchAttribute: 'mode' },
    ],
    expansions: [
      {
        target: 'rules[Skill].maxDistance',
        steps: [
          { waitTimeSeconds: 10, value: 20 },
          { waitTimeSeconds: 20, value: 40 },
        ],
      },
    ],
  }
  const person = { league: 1, skill: 50, map: 'lake', mode: 'siege' }

  test('one map, one mode, leagues within 2 and skills within 10, 20, 40', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 200; i++)
      queue.join(`t${i}`, { ...person, league: 1 + (i % 3), skill: 40 + (i % 11) })
    queue.join('map', { ...person, map: 'hill' })
    queue.join('mode', { ...person, mode: 'duel' })
    const [match] = queue.pass(0)
    expect(sizesOf(match)).toEqual([100, 100])
    for (const [skill, second] of [
      [70, 10],
      [90, 20],
    ] as const) {
      const wider = waiting(rules)
      for (let i = 0; i < 199; i++) wider.join(`t${i}`, person)
      wider.join('last', { ...person, skill })
      expect(wider.pass(second - 1)).toEqual([])
      expect(wider.pass(second)).toHaveLength(1)
    }
  })

  test('all of them lie near each other, not only near the oldest', () => {
    const queue = waiting(rules)
    queue.join('oldest', person)
    for (let i = 0; i < 100; i++) queue.join(`low${i}`, { ...person, skill: 41 })
    for (let i = 0; i < 99; i++) queue.join(`high${i}`, { ...person, skill: 59 })
    expect(queue.pass(0)).toEqual([])
    for (let i = 0; i < 100; i++) queue.join(`mid${i}`, { ...person, skill: 51 })
    expect(queue.pass(0)).toHaveLength(1)
  })
})

describe('10. a compound rule', () => {
  const spread = (attribute: string, maxDistance: number) => ({
    type: 'distance',
    measurements: [`max(${all(attribute)})`],
    referenceValue: `min(${all(attribute)})`,
    maxDistance,
  })
  const rules = {
    ...version,
    teams: [
      { name: 'red', minPlayers: 10, maxPlayers: 20 },
      { name: 'blue', minPlayers: 10, maxPlayers: 20 },
    ],
    algorithm: {
      strategy: 'balanced',
      balancedAttribute: 'skill',
      batchingPreference: 'fastestRegion',
    },
    playerAttributes: [
      { name: 'league', type: 'number' },
      { name: 'skill', type: 'number' },
      { name: 'map', type: 'string' },
      { name: 'mode', type: 'string' },
    ],
    rules: [
      { name: 'League', ...spread('league', 2) },
      { name: 'Skill', ...spread('skill', 10) },
      { name: 'Map', type: 'comparison', operation: '=', measurements: [all('map')] },
      { name: 'Mode', type: 'comparison', operation: '=', measurements: [all('mode')] },
      { name: 'Either', type: 'compound', statement: 'or(and(Map, Mode), and(Skill, League))' },
    ],
    expansions: [
      {
        target: 'rules[Skill].maxDistance',
        steps: [
          { waitTimeSeconds: 10, value: 20 },
          { waitTimeSeconds: 20, value: 40 },
        ],
      },
    ],
  }
  const fill = (
    of: (i: number) => { league: number; skill: number; map: string; mode: string },
  ) => {
    const queue = waiting(rules)
    for (let i = 0; i < 20; i++) queue.join(`t${i}`, of(i))
    return queue
  }

  test('the same map and mode, or near in skill and league: one is enough', () => {
    const alike = { map: 'lake', mode: 'siege' }
    expect(fill((i) => ({ ...alike, league: i, skill: i * 50 })).pass(0)).toHaveLength(1)
    const near = (i: number) => ({
      map: `m${i % 3}`,
      mode: `n${i % 2}`,
      league: 1 + (i % 3),
      skill: 40 + (i % 11),
    })
    expect(fill(near).pass(0)).toHaveLength(1)
    expect(fill((i) => ({ ...near(i), league: i % 4 })).pass(0)).toEqual([])
  })

  test('an operand relaxes: the skill by 20 after 10 seconds, 40 after 20', () => {
    for (const [skill, second] of [
      [20, 10],
      [40, 20],
    ] as const) {
      const queue = fill((i) => ({
        map: `m${i}`,
        mode: 'x',
        league: 1,
        skill: i === 0 ? skill : 0,
      }))
      expect(queue.pass(second - 1)).toEqual([])
      expect(queue.pass(second)).toHaveLength(1)
    }
  })
})

describe('11. block lists', () => {
  const rules = {
    ...version,
    name: 'Block lists',
    teams: [
      { name: 'red', minPlayers: 5, maxPlayers: 5 },
      { name: 'blue', minPlayers: 5, maxPlayers: 5 },
    ],
    playerAttributes: [{ name: 'blocked', type: 'string_list', default: [] }],
    rules: [
      {
        name: 'NotBlocked',
        type: 'collection',
        operation: 'reference_intersection_count',
        measurements: all('blocked'),
        referenceValue: 'flatten(teams[*].players[playerId])',
        maxCount: 0,
      },
    ],
  }

  test('nobody meets whom he has blocked, or who has blocked him, in either team', () => {
    const queue = waiting(rules)
    for (let i = 0; i < 8; i++) queue.join(`t${i}`, {})
    queue.join('bully', {})
    queue.join('victim', { blocked: ['bully', 'somebody'] })
    expect(queue.pass(0)).toEqual([])
    queue.join('t8', {})
    expect(idsOf(queue.pass(0)[0])).not.toContain('victim')
  })

  test('with an expansion it is only a wish', () => {
    const queue = waiting({
      ...rules,
      expansions: [
        { target: 'rules[NotBlocked].maxCount', steps: [{ waitTimeSeconds: 20, value: 1 }] },
      ],
    })
    for (let i = 0; i < 8; i++) queue.join(`t${i}`, {})
    queue.join('bully', {})
    queue.join('victim', { blocked: ['bully'] })
    expect(queue.pass(19)).toEqual([])
    expect(queue.pass(20)).toHaveLength(1)
  })
})
