// What of a rule set the pool can be divided by, so that most tickets that do not fit are never looked at: values that
// must be equal (*keys*), and numbers that may lie only so far apart (*windows*).
import { parseExpression } from './expression.ts'
import type { Scope } from './expression.ts'
import type { PartyNumber } from './lineup.ts'
import type { RuleDocument, RuleOf } from './rule-schema.ts'
import type { Rule } from './rules.ts'

type Key = { rule: string; attribute: number }

export type Window = {
  rule: string
  attribute: number
  /** How a party counts; each player by himself without it. */
  party: PartyNumber | undefined
  /** Of how many times the rule's distance two players may lie apart. */
  factor: number
  /** The window says all that the rule says. */
  exact: boolean
}

export type Division = {
  readonly keys: readonly Key[]
  readonly windows: readonly Window[]
  /** The number by which the matcher tries to make teams equal. */
  readonly balanceBy: number | undefined
  /** By which candidates are ordered instead of their age. */
  readonly sorts: readonly RuleOf<'absoluteSort' | 'distanceSort'>[]
}

export function divide(document: RuleDocument, rules: readonly Rule[], scope: Scope): Division {
  const indexOf = (name: string) => scope.attributes.findIndex((each) => each.name === name)
  const enforced = rules.filter(({ enforced }) => enforced)
  const { balancedAttribute } = document.algorithm
  return {
    keys: enforced.flatMap(({ name, document: rule }) => keyOf(name, rule, scope)),
    windows: enforced.flatMap(({ name, document: rule }) => windowOf(name, rule, scope)),
    balanceBy:
      balancedAttribute === undefined ? comparedOf(enforced, scope) : indexOf(balancedAttribute),
    sorts: rules.flatMap(({ document: rule }) =>
      rule.type === 'absoluteSort' || rule.type === 'distanceSort' ? [rule] : [],
    ),
  }
}

const everybody = (scope: Scope, attribute: number) =>
  parseExpression(
    `flatten(teams[*].players.attributes[${scope.attributes[attribute]!.name}])`,
    scope,
  ).text

/** The attribute that an expression lists for all players of the match. */
function listedBy(text: string, scope: Scope): number | undefined {
  const canonical = parseExpression(text, scope).text
  const found = scope.attributes.findIndex(
    ({ type }, i) => type !== 'string_number_map' && everybody(scope, i) === canonical,
  )
  return found < 0 ? undefined : found
}

function keyOf(rule: string, document: Rule['document'], scope: Scope): Key[] {
  if (document.type === 'batchDistance' && document.maxDistance === undefined) {
    const name = document.batchAttribute
    return [{ rule, attribute: scope.attributes.findIndex((each) => each.name === name) }]
  }
  if (document.type !== 'comparison' || document.operation !== '=') return []
  const [text, ...others] = document.measurements
  if (document.referenceValue !== undefined || document.partyAggregation !== undefined) return []
  const attribute = others.length > 0 ? undefined : listedBy(text!, scope)
  const type = attribute === undefined ? undefined : scope.attributes[attribute]!.type
  return type === 'string' || type === 'number' ? [{ rule, attribute: attribute! }] : []
}

function windowOf(rule: string, document: Rule['document'], scope: Scope): Window[] {
  if (document.type === 'batchDistance' && document.maxDistance !== undefined) {
    const attribute = scope.attributes.findIndex(({ name }) => name === document.batchAttribute)
    const party = document.partyAggregation ?? 'avg'
    return [{ rule, attribute, party, factor: 1, exact: true }]
  }
  if (document.type !== 'distance' || document.maxDistance === undefined) return []
  const { measurements, referenceValue, partyAggregation: party } = document
  if (measurements.length !== 1 || typeof referenceValue !== 'string') return []
  const measured = edgeOf(measurements[0]!, scope)
  const against = edgeOf(referenceValue, scope)
  if (measured === undefined || against === undefined) return []
  if (measured.attribute !== against.attribute) return []
  const pair = `${measured.edge} ${against.edge}`
  const { attribute } = measured
  const exact = document.minDistance === undefined
  if (['max min', 'min max', 'all min', 'all max'].includes(pair))
    return [{ rule, attribute, party, factor: 1, exact }]
  // Two values that are both near the same one are near each other.
  if (['all avg', 'all median'].includes(pair))
    return [{ rule, attribute, party, factor: 2, exact: false }]
  return []
}

function edgeOf(text: string, scope: Scope): { edge: string; attribute: number } | undefined {
  const whole = listedBy(text, scope)
  if (whole !== undefined) return { edge: 'all', attribute: whole }
  const found = /^\s*(min|max|avg|median)\s*\((.*)\)\s*$/s.exec(text)
  const attribute = found === null ? undefined : listedBy(found[2]!, scope)
  return attribute === undefined ? undefined : { edge: found![1]!, attribute }
}

/** The first number of which a rule compares teams. */
function comparedOf(rules: readonly Rule[], scope: Scope): number | undefined {
  for (const { document } of rules) {
    if (document.type !== 'distance' && document.type !== 'comparison') continue
    const found =
      /(?:avg|sum|median)\s*\(\s*teams\s*\[[^\]]*\]\.players\.attributes\[([^\]]+)\]\s*\)/.exec(
        document.measurements.join(' '),
      )?.[1]
    const attribute = scope.attributes.findIndex(({ name }) => name === found)
    if (attribute >= 0) return attribute
  }
  return undefined
}
