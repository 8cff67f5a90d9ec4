// Expansions: which number of a rule set takes which value from which age on.
import type { Issue } from './issue.ts'
import type { RuleDocument } from './rule-schema.ts'

type Step = {
  /** The number: of which teams or rules, under which property. */
  list: 'teams' | 'rules'
  indices: readonly number[]
  property: string
  fromMs: number
  value: number | string
}

const target = /^(teams|rules)\[([^\]]+)\]\.([A-Za-z]+)$/
const ofTeams = ['minPlayers', 'maxPlayers']
const ofRules = [
  'referenceValue',
  'minDistance',
  'maxDistance',
  'minCount',
  'maxCount',
  'maxLatency',
]
const whole = new Set([...ofTeams, 'minCount', 'maxCount'])

export function readExpansions(document: RuleDocument): {
  steps: Step[]
  times: number[]
  issues: Issue[]
} {
  const steps: Step[] = []
  const issues: Issue[] = []
  const seen = new Set<string>()
  for (const [i, expansion] of document.expansions.entries()) {
    const path = `expansions[${i}]`
    const found = readTarget(document, expansion.target)
    if ('reason' in found) {
      issues.push({ path: `${path}.target`, reason: found.reason })
      continue
    }
    for (const index of found.indices) {
      const one = `${found.list} ${index} ${found.property}`
      if (seen.has(one))
        issues.push({ path: `${path}.target`, reason: 'is the target of another expansion too' })
      seen.add(one)
    }
    let before = -1
    for (const [k, { waitTimeSeconds, value }] of expansion.steps.entries()) {
      const at = `${path}.steps[${k}]`
      if (waitTimeSeconds <= before)
        issues.push({
          path: `${at}.waitTimeSeconds`,
          reason: 'must be more than in the step before',
        })
      before = waitTimeSeconds
      const reason = valueFault(found, value)
      if (reason !== undefined) issues.push({ path: `${at}.value`, reason })
      steps.push({ ...found, fromMs: Math.round(waitTimeSeconds * 1000), value })
    }
  }
  return { steps, times: steps.map(({ fromMs }) => fromMs), issues }
}

type Target = Pick<Step, 'list' | 'indices' | 'property'> & { type: 'number' | 'string' }

function readTarget(document: RuleDocument, text: string): Target | { reason: string } {
  const [, list, names, property] = target.exec(text) ?? []
  if ((list !== 'teams' && list !== 'rules') || names === undefined || property === undefined)
    return { reason: 'must be teams[name].property or rules[name].property' }
  if (!(list === 'teams' ? ofTeams : ofRules).includes(property))
    return { reason: `${property} of ${list} cannot be expanded` }
  const all: readonly { name: string }[] = document[list]
  const indices: number[] = []
  for (const name of names.split(',').map((each) => each.trim())) {
    const index = all.findIndex((each) => each.name === name)
    if (index < 0) return { reason: `there is no ${list === 'teams' ? 'team' : 'rule'} ${name}` }
    if (!(property in all[index]!) || valueOf(document, list, index, property) === undefined)
      return { reason: `${name} has no ${property}` }
    indices.push(index)
  }
  const type = typeof valueOf(document, list, indices[0]!, property)
  if (type !== 'number' && type !== 'string') return { reason: 'must be a number or a string' }
  if (indices.some((index) => typeof valueOf(document, list, index, property) !== type))
    return { reason: 'names values of different types' }
  return { list, indices, property, type }
}

const valueOf = (
  document: RuleDocument,
  list: 'teams' | 'rules',
  index: number,
  property: string,
) => (document[list][index] as Record<string, unknown>)[property]

function valueFault({ type, property }: Target, value: number | string): string | undefined {
  if (typeof value !== type) return `must be a ${type}, as its target is`
  if (typeof value === 'string') return undefined
  if (whole.has(property) && !Number.isInteger(value)) return 'must be a whole number'
  if (property === 'maxPlayers' && value < 1) return 'must be at least 1'
  return property !== 'referenceValue' && value < 0 ? 'must not be below 0' : undefined
}

/** The rule set as it is at that age. */
export function relaxed(
  document: RuleDocument,
  steps: readonly Step[],
  ageMs: number,
): RuleDocument {
  const at = { ...document, teams: [...document.teams], rules: [...document.rules] }
  // Steps of a target stand in their order, so the last one that has come is the one that counts.
  for (const { list, indices, property, fromMs, value } of steps) {
    if (fromMs > ageMs) continue
    for (const index of indices) {
      const lists: { [key in typeof list]: object[] } = at
      lists[list][index] = { ...lists[list][index], [property]: value }
    }
  }
  return at
}
