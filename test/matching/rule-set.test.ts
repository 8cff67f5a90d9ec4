// Rule sets that are refused: each fault with its place, and what is not supported by its name.
import { describe, expect, test } from 'vitest'
import { RuleSetError } from '#shared/matching/issue.ts'
import { readRuleSet } from '#shared/matching/rule-set.ts'
import { waiting } from './waiting.ts'

const sound = {
  ruleLanguageVersion: '1.0',
  playerAttributes: [
    { name: 'skill', type: 'number', default: 1 },
    { name: 'mode', type: 'string', default: 'duel' },
    { name: 'roles', type: 'string_list', default: [] },
    { name: 'maps', type: 'string_number_map', default: {} },
  ],
  teams: [
    { name: 'red', minPlayers: 1, maxPlayers: 2 },
    { name: 'blue', minPlayers: 1, maxPlayers: 2, quantity: 2 },
  ],
}
const skill = 'flatten(teams[*].players.attributes[skill])'
const near = {
  name: 'Near',
  type: 'distance',
  measurements: [`max(${skill})`],
  referenceValue: `min(${skill})`,
  maxDistance: 5,
}
const compare = {
  name: 'R',
  type: 'comparison',
  measurements: [skill],
  operation: '>=',
  referenceValue: 1,
}

function issuesOf(document: unknown): string[] {
  try {
    readRuleSet(document)
    return []
  } catch (error) {
    if (!(error instanceof RuleSetError)) throw error
    return error.issues.map(({ path, reason }) => `${path} ${reason}`)
  }
}
const withRule = (rule: object, more: object = {}) => ({ ...sound, rules: [near, rule], ...more })
const expanding = (target: string, ...steps: object[]) => ({
  ...sound,
  rules: [near],
  expansions: [{ target, steps: steps.length > 0 ? steps : [{ waitTimeSeconds: 5, value: 10 }] }],
})
const algorithm = (of: object) => ({ ...sound, algorithm: of })
const large = (more: object) => ({
  ...sound,
  teams: [{ name: 'red', minPlayers: 1, maxPlayers: 41 }],
  algorithm: { strategy: 'balanced', balancedAttribute: 'skill' },
  ...more,
})

describe('a rule set is refused', () => {
  test.each<[string, unknown, string]>([
    ['no object', 'text', 'expected object'],
    ['nothing', undefined, 'expected object'],
    [
      'another version',
      { ...sound, ruleLanguageVersion: '2.0' },
      'ruleLanguageVersion must be "1.0"',
    ],
    ['an unknown key', { ...sound, acceptance: true }, 'has acceptance, which is not supported'],
    [
      'an unknown key of a team',
      { ...sound, teams: [{ ...sound.teams[0], colour: 'red' }] },
      'teams[0] has colour',
    ],
    ['no teams', { ...sound, teams: [] }, 'teams '],
    [
      'a team twice',
      { ...sound, teams: [sound.teams[0], sound.teams[0]] },
      'the name red is there twice',
    ],
    [
      'a name that a quantity makes',
      { ...sound, teams: [...sound.teams, { ...sound.teams[0], name: 'blue_2' }] },
      'blue_2',
    ],
    [
      'more players needed than there is room',
      { ...sound, teams: [{ name: 'a', minPlayers: 3, maxPlayers: 2 }] },
      'teams[0].minPlayers is above maxPlayers',
    ],
    [
      'more than 200 players',
      large({ teams: [{ name: 'a', minPlayers: 1, maxPlayers: 100, quantity: 3 }] }),
      'hold more than 200',
    ],
    [
      'an attribute twice',
      { ...sound, playerAttributes: [sound.playerAttributes[0], sound.playerAttributes[0]] },
      'playerAttributes[1].name skill is there twice',
    ],
    [
      'an unknown type of attribute',
      { ...sound, playerAttributes: [{ name: 'a', type: 'boolean' }] },
      'playerAttributes[0].type',
    ],
    [
      'a default of another type',
      { ...sound, playerAttributes: [{ name: 'a', type: 'number', default: 'x' }] },
      'playerAttributes[0].default',
    ],
    [
      'a number that is none',
      { ...sound, playerAttributes: [{ name: 'a', type: 'number', default: NaN }] },
      'playerAttributes[0].default',
    ],
    [
      'an unknown type of rule',
      withRule({ name: 'R', type: 'magic' }),
      'rules[1].type is not a type of rule that is supported',
    ],
    ['a rule twice', withRule(near), 'rules[1].name Near is there twice'],
    ['an unknown operation', withRule({ ...compare, operation: '~' }), 'rules[1].operation'],
    [
      'an order without a reference',
      withRule({ ...compare, referenceValue: undefined }),
      'rules[1].operation >= needs a referenceValue',
    ],
    [
      'an order of words',
      withRule({ ...compare, measurements: ['flatten(teams[*].players.attributes[mode])'] }),
      'rules[1].operation >= needs numbers',
    ],
    [
      'a number compared with a word',
      withRule({ ...compare, operation: '=', referenceValue: 'duel' }),
      'another type',
    ],
    ['a list as a reference', withRule({ ...compare, referenceValue: skill }), 'must be one value'],
    [
      'a distance without a limit',
      withRule({ ...near, name: 'R', maxDistance: undefined }),
      'rules[1].maxDistance or minDistance is needed',
    ],
    [
      'a distance of words',
      withRule({
        ...near,
        name: 'R',
        measurements: ['flatten(teams[*].players.attributes[mode])'],
      }),
      'rules[1].measurements[0] must be numbers',
    ],
    [
      'a batch of a list',
      withRule({ name: 'R', type: 'batchDistance', batchAttribute: 'roles' }),
      'rules[1].batchAttribute',
    ],
    [
      'a batch of numbers without a distance',
      withRule({ name: 'R', type: 'batchDistance', batchAttribute: 'skill' }),
      'rules[1].maxDistance is needed',
    ],
    [
      'a batch of words with a distance',
      withRule({ name: 'R', type: 'batchDistance', batchAttribute: 'mode', maxDistance: 1 }),
      'rules[1].maxDistance is for numbers',
    ],
    [
      'a distance that is no number',
      withRule({ name: 'R', type: 'batchDistance', batchAttribute: 'skill', maxDistance: '1e9' }),
      'rules[1].maxDistance',
    ],
    [
      'a collection without a count',
      withRule({
        name: 'R',
        type: 'collection',
        operation: 'contains',
        referenceValue: 'a',
        measurements: ['flatten(teams[*].players.attributes[roles])'],
      }),
      'rules[1].minCount or maxCount is needed',
    ],
    [
      'a collection of words',
      withRule({
        name: 'R',
        type: 'collection',
        operation: 'contains',
        referenceValue: 'a',
        minCount: 1,
        measurements: ['flatten(teams[*].players.attributes[mode])'],
      }),
      'must be a list of string lists',
    ],
    [
      'an operation that is not documented',
      withRule({
        name: 'R',
        type: 'collection',
        operation: 'not_contains',
        referenceValue: 'a',
        minCount: 1,
        measurements: ['flatten(teams[*].players.attributes[roles])'],
      }),
      'rules[1].operation',
    ],
    [
      'a sort by words',
      withRule({
        name: 'R',
        type: 'absoluteSort',
        sortDirection: 'ascending',
        sortAttribute: 'mode',
      }),
      'rules[1].sortAttribute',
    ],
    [
      'a sort by a map without a key',
      withRule({
        name: 'R',
        type: 'distanceSort',
        sortDirection: 'ascending',
        sortAttribute: 'maps',
      }),
      'rules[1].mapKey',
    ],
    [
      'a latency rule without a limit',
      withRule({ name: 'R', type: 'latency' }),
      'rules[1].maxLatency or maxDistance is needed',
    ],
    [
      'a latency distance from nothing',
      withRule({ name: 'R', type: 'latency', maxDistance: 5 }),
      'rules[1].distanceReference',
    ],
  ])('%s', (_, document, complaint) => {
    expect(issuesOf(document).join('\n')).toContain(complaint)
  })

  test.each<[string, string, string]>([
    ['nothing at all', ' ', 'neither'],
    ['a word', 'skill', 'neither'],
    [
      'an unknown function',
      'mode(teams[*].players.attributes[skill])',
      'the function mode is not supported',
    ],
    ['a bracket that stays open', 'max(teams[*].players.attributes[skill]', 'does not end'],
    ['arithmetic', `max(${skill}) + 1`, 'does not end'],
    ['a filter', `${skill.slice(0, -1)}[0])`, 'after teams'],
    ['a team alone', 'teams[red]', 'after teams'],
    ['an unknown team', 'teams[green].players', 'there is no team green'],
    [
      'an unknown attribute',
      'teams[red].players.attributes[speed]',
      'the attribute speed is not declared',
    ],
    ['a map', 'teams[red].players.attributes[maps]', 'is a map'],
    ['a maximum of words', 'max(teams[red].players.attributes[mode])', 'max takes numbers'],
    [
      'a list that is flat already',
      'flatten(teams[red].players.attributes[skill])',
      'flatten takes a list of lists',
    ],
    [
      'an intersection of numbers',
      'set_intersection(teams[*].players.attributes[skill])',
      'strings',
    ],
    ['players as values', 'teams[red].players', 'is a list of players'],
    ['a nest', `${'flatten('.repeat(40)}teams[*].players${')'.repeat(40)}`, 'nests deeper than 16'],
    ['a very long text', `teams[${'red,'.repeat(400)}red].players`, 'rules[1].measurements'],
  ])('an expression of %s', (_, text, complaint) => {
    const issues = issuesOf(withRule({ ...compare, operation: '=', measurements: [text] }))
    expect(issues.join('\n')).toContain(complaint)
    expect(issues[0]).toContain('rules[1].measurements')
  })

  test.each<[string, string, string]>([
    ['a rule alone', 'Near', 'must be and, or, not or xor'],
    ['a rule that is not above it', 'not(Later)', 'there is no rule Later above it'],
    ['three operands', 'or(Near, Near, Near)', 'or takes 2'],
    ['one operand', 'and(Near)', 'and takes 2'],
    ['two after not', 'not(Near, Near)', 'not takes 1'],
    ['brackets that cross', 'and(Near)) or (Near)', 'rules[1].statement'],
    ['a nest', `${'not('.repeat(20)}Near${')'.repeat(20)}`, 'nests deeper than 16'],
  ])('a statement of %s', (_, statement, complaint) => {
    const rules = { name: 'C', type: 'compound', statement }
    expect(issuesOf(withRule(rules)).join('\n')).toContain(complaint)
  })

  test('a batch, a sort or another statement as an operand', () => {
    const batch = { name: 'R', type: 'batchDistance', batchAttribute: 'mode' }
    const sort = {
      name: 'R',
      type: 'distanceSort',
      sortDirection: 'ascending',
      sortAttribute: 'skill',
    }
    const other = { name: 'R', type: 'compound', statement: 'not(Near)' }
    for (const rule of [batch, sort, other]) {
      const rules = [near, rule, { name: 'C', type: 'compound', statement: 'or(Near,R)' }]
      expect(issuesOf({ ...sound, rules })).toEqual([
        `rules[2].statement a rule of type ${rule.type} (R) cannot be an operand`,
      ])
    }
  })

  test.each<[string, object, string]>([
    [
      'no target',
      expanding('Near.maxDistance'),
      'must be teams[name].property or rules[name].property',
    ],
    ['the algorithm', expanding('algorithm.strategy'), 'must be teams[name].property'],
    ['an unknown rule', expanding('rules[Far].maxDistance'), 'there is no rule Far'],
    ['an unknown team', expanding('teams[green].minPlayers'), 'there is no team green'],
    ['what the rule does not have', expanding('rules[Near].maxCount'), 'Near has no maxCount'],
    [
      'what cannot be expanded',
      expanding('rules[Near].operation'),
      'operation of rules cannot be expanded',
    ],
    ['a quantity', expanding('teams[blue].quantity'), 'quantity of teams cannot be expanded'],
    [
      'a value of another type',
      expanding('rules[Near].maxDistance', { waitTimeSeconds: 1, value: 'far' }),
      'must be a number, as its target is',
    ],
    [
      'half a player',
      expanding('teams[red].minPlayers', { waitTimeSeconds: 1, value: 0.5 }),
      'must be a whole number',
    ],
    [
      'times that do not rise',
      expanding(
        'rules[Near].maxDistance',
        { waitTimeSeconds: 5, value: 1 },
        { waitTimeSeconds: 5, value: 2 },
      ),
      'steps[1].waitTimeSeconds must be more',
    ],
    [
      'a minimum above the maximum',
      expanding('teams[red].minPlayers', { waitTimeSeconds: 5, value: 3 }),
      'above maxPlayers after 5 s',
    ],
    [
      'a match that becomes a large one',
      expanding('teams[red].maxPlayers', { waitTimeSeconds: 5, value: 40 }),
      'cross the border of large matches after 5 s',
    ],
  ])('an expansion of %s', (_, document, complaint) => {
    expect(issuesOf(document).join('\n')).toContain(complaint)
  })

  test('two expansions of one target, or more ages than there may be', () => {
    const step = { waitTimeSeconds: 1, value: 9 }
    const twice = {
      ...expanding('rules[Near].maxDistance'),
      expansions: ['red', 'red, blue'].map((name) => ({
        target: `teams[${name}].minPlayers`,
        steps: [{ ...step, value: 1 }],
      })),
    }
    expect(issuesOf(twice).join()).toContain('is the target of another expansion too')
    const steps = Array.from({ length: 32 }, (_, i) => ({ waitTimeSeconds: i + 1, value: i }))
    expect(issuesOf(expanding('rules[Near].maxDistance', ...steps)).join()).toContain(
      'more than 32 ages',
    )
  })

  test.each<[string, object, string]>([
    ['balanced by nothing', algorithm({ strategy: 'balanced' }), 'balancedAttribute is needed'],
    [
      'balanced by words',
      algorithm({ strategy: 'balanced', balancedAttribute: 'mode' }),
      'must be a declared attribute, a number',
    ],
    [
      'a balance that nobody asked for',
      algorithm({ balancedAttribute: 'skill' }),
      'is for the strategy balanced',
    ],
    [
      'sorted by nothing',
      algorithm({ batchingPreference: 'sorted' }),
      'sortByAttributes is needed',
    ],
    [
      'sorted by a list',
      algorithm({ batchingPreference: 'sorted', sortByAttributes: ['roles'] }),
      'sortByAttributes[0]',
    ],
    [
      'an order that is not used',
      algorithm({ sortByAttributes: ['skill'] }),
      'is for the preference sorted',
    ],
    [
      'a preference of large matches',
      algorithm({ batchingPreference: 'fastestRegion' }),
      'does not go with this strategy',
    ],
    [
      'a large match without balance',
      large({ algorithm: {} }),
      'algorithm.strategy must be balanced in a match of more than 40',
    ],
    [
      'a large match with other rules',
      large({ rules: [near] }),
      'rules[0].type distance is not supported in a match of more than 40',
    ],
    [
      'a large match with a latency distance',
      large({ rules: [{ name: 'L', type: 'latency', maxDistance: 5, distanceReference: 'min' }] }),
      'rules[0].maxDistance is not supported',
    ],
  ])('an algorithm: %s', (_, document, complaint) => {
    expect(issuesOf(document).join('\n')).toContain(complaint)
  })

  test('all faults are told at once', () => {
    const document = withRule(
      { ...compare, measurements: ['teams[green].players'] },
      {
        rules: [
          { ...compare, measurements: ['x'] },
          { ...near, referenceValue: 'max(y)' },
        ],
      },
    )
    expect(issuesOf(document)).toHaveLength(2)
  })
})

describe('hostile rule sets', () => {
  test('are refused soon, whatever their size', () => {
    const began = performance.now()
    const many = Array.from({ length: 100_000 }, (_, i) => ({ ...near, name: `R${i}` }))
    expect(issuesOf({ ...sound, rules: many }).join()).toContain('rules ')
    const attributes = Array.from({ length: 100_000 }, (_, i) => ({
      name: `a${i}`,
      type: 'number',
    }))
    expect(issuesOf({ ...sound, playerAttributes: attributes }).join()).toContain(
      'playerAttributes ',
    )
    let nest: unknown = 'skill'
    for (let i = 0; i < 10_000; i++) nest = [nest]
    expect(issuesOf(withRule({ ...compare, measurements: nest })).join()).toContain(
      'rules[1].measurements',
    )
    expect(
      issuesOf(withRule({ name: 'C', type: 'compound', statement: '('.repeat(1000) })).join(),
    ).toContain('rules[1].statement')
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test('names of prototypes are names as others', () => {
    const document = {
      ...sound,
      playerAttributes: [
        { name: 'constructor', type: 'number' },
        { name: 'toString', type: 'string', default: 'x' },
      ],
      rules: [{ ...compare, measurements: ['flatten(teams[*].players.attributes[constructor])'] }],
    }
    const queue = waiting({ ...document, teams: [{ name: 'a', minPlayers: 1, maxPlayers: 1 }] })
    expect(queue.refusal('t', {})).toMatchObject({
      code: 'attribute.missing',
      attribute: 'constructor',
    })
    expect(queue.refusal('t', { constructor: 1 } as never)).toBeUndefined()
  })
})
