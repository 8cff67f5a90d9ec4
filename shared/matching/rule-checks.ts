// What a rule set says about itself that its schema cannot see: names that meet, and what an algorithm asks for.
import { smallMatchPlayersMax } from '../limits.ts'
import type { Issue } from './issue.ts'
import type { RuleDocument } from './rule-schema.ts'

export function checkDocument(document: RuleDocument, teamNames: readonly string[]): Issue[] {
  return [
    ...repeated('playerAttributes', document.playerAttributes),
    ...repeated('rules', document.rules),
    ...repeatedTeams(document, teamNames),
    ...algorithmIssues(document),
    ...sortIssues(document),
    ...largeIssues(document),
  ]
}

function repeated(path: string, list: readonly { name: string }[]): Issue[] {
  return list.flatMap(({ name }, i) =>
    list.findIndex((each) => each.name === name) < i
      ? [{ path: `${path}[${i}].name`, reason: `${name} is there twice` }]
      : [],
  )
}

/** A definition with a quantity has a name for all of its teams, and one for each. */
function repeatedTeams({ teams }: RuleDocument, teamNames: readonly string[]): Issue[] {
  const many = teams.filter(({ quantity }) => quantity > 1).map(({ name }) => name)
  const all = [...many, ...teamNames]
  return all.flatMap((name, i) =>
    all.indexOf(name) < i ? [{ path: 'teams', reason: `the name ${name} is there twice` }] : [],
  )
}

function algorithmIssues({ algorithm, playerAttributes }: RuleDocument): Issue[] {
  const { strategy, batchingPreference, sortByAttributes, balancedAttribute } = algorithm
  const issues: Issue[] = []
  const add = (key: string, reason: string) => issues.push({ path: `algorithm.${key}`, reason })
  const typeOf = (name: string) => playerAttributes.find((each) => each.name === name)?.type
  const balanced = strategy === 'balanced'
  if (balanced && balancedAttribute === undefined)
    add('balancedAttribute', 'is needed with the strategy balanced')
  if (!balanced && balancedAttribute !== undefined)
    add('balancedAttribute', 'is for the strategy balanced')
  if (balancedAttribute !== undefined && typeOf(balancedAttribute) !== 'number')
    add('balancedAttribute', 'must be a declared attribute, a number')
  if (batchingPreference === 'sorted' && sortByAttributes === undefined)
    add('sortByAttributes', 'is needed with the preference sorted')
  if (batchingPreference !== 'sorted' && sortByAttributes !== undefined)
    add('sortByAttributes', 'is for the preference sorted')
  const forBalanced =
    batchingPreference === 'largestPopulation' || batchingPreference === 'fastestRegion'
  if (batchingPreference !== undefined && forBalanced !== balanced)
    add('batchingPreference', `${batchingPreference} does not go with this strategy`)
  for (const [i, name] of (sortByAttributes ?? []).entries()) {
    const type = typeOf(name)
    if (type !== 'number' && type !== 'string')
      add(`sortByAttributes[${i}]`, 'must be a declared attribute, a number or a string')
  }
  return issues
}

function sortIssues({ rules, playerAttributes }: RuleDocument): Issue[] {
  return rules.flatMap((rule, i) => {
    if (rule.type !== 'absoluteSort' && rule.type !== 'distanceSort') return []
    const type = playerAttributes.find(({ name }) => name === rule.sortAttribute)?.type
    const path = `rules[${i}]`
    if (type !== 'number' && type !== 'string_number_map')
      return [{ path: `${path}.sortAttribute`, reason: 'must be a number or a map of numbers' }]
    if ((type === 'string_number_map') !== (rule.mapKey !== undefined))
      return [{ path: `${path}.mapKey`, reason: 'is needed for a map, and for nothing else' }]
    return []
  })
}

function largeIssues({ teams, rules, algorithm, expansions }: RuleDocument): Issue[] {
  const total = teams.reduce((sum, { maxPlayers, quantity }) => sum + maxPlayers * quantity, 0)
  if (total <= smallMatchPlayersMax) return []
  const why = `in a match of more than ${smallMatchPlayersMax} players`
  const issues: Issue[] = []
  if (algorithm.strategy !== 'balanced')
    issues.push({ path: 'algorithm.strategy', reason: `must be balanced ${why}` })
  for (const [i, rule] of rules.entries()) {
    if (rule.type === 'latency') {
      if (rule.maxDistance !== undefined)
        issues.push({ path: `rules[${i}].maxDistance`, reason: `is not supported ${why}` })
    } else if (rule.type !== 'batchDistance')
      issues.push({ path: `rules[${i}].type`, reason: `${rule.type} is not supported ${why}` })
  }
  for (const [i, { target }] of expansions.entries()) {
    if (!/^(?:teams\[.*\]\.(?:min|max)Players|rules\[.*\]\.max(?:Latency|Distance))$/.test(target))
      issues.push({ path: `expansions[${i}].target`, reason: `${target} cannot relax ${why}` })
  }
  return issues
}
