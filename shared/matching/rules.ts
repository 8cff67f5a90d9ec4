// Rules as functions of the teams of a match. A rule of a match that is not complete may be broken for good: whoever
// joins, it stays false. Only then the search turns back; all else the complete match decides.
import {
  common,
  evaluate,
  ExpressionError,
  looksLikeExpression,
  parseExpression,
} from './expression.ts'
import type { Expression, Scope, Trend, Value } from './expression.ts'
import type { Aggregation, Entry, Lineup, PartyNumber } from './lineup.ts'
import { aggregated } from './lineup.ts'
import type { RuleDocument, RuleOf } from './rule-schema.ts'

/** False for good; false as it stands; not decided, for a team is empty; true. */
export const broken = -1
export const fails = 0
export const undecided = 1
export const holds = 2
export type Verdict = typeof broken | typeof fails | typeof undecided | typeof holds

export type Rule = {
  readonly name: string
  readonly document: RuleDocument['rules'][number]
  /** It must hold by itself. An operand of a compound rule need not. */
  readonly enforced: boolean
  /** It can be broken by who joins a match, not only by how a single ticket is. */
  readonly breakable: boolean
  judge(lineup: Lineup): Verdict
}

/** A rule that cannot be understood, and the property where. */
export class RuleFault extends Error {
  readonly at: string
  constructor(at: string, message: string) {
    super(message)
    this.at = at
  }
}

type Judge = { breakable: boolean; judge: Rule['judge'] }
const never: Judge = { breakable: false, judge: () => holds }

/** Throws a RuleFault. `before`: the rules above it, which a compound rule may name. */
export function compileRule(
  document: RuleDocument['rules'][number],
  scope: Scope,
  before: readonly Rule[],
  operands: ReadonlySet<string>,
): Rule {
  const { name } = document
  return { name, document, enforced: !operands.has(name), ...compile(document, scope, before) }
}

function compile(
  document: RuleDocument['rules'][number],
  scope: Scope,
  before: readonly Rule[],
): Judge {
  switch (document.type) {
    case 'comparison':
      return comparison(document, scope)
    case 'distance':
      return distance(document, scope)
    case 'batchDistance':
      return batchDistance(document, scope)
    case 'collection':
      return collection(document, scope)
    case 'compound':
      return compound(document, before)
    case 'latency':
      return latency(document)
    case 'absoluteSort':
    case 'distanceSort':
      return never
  }
}

/** An expression at a property of a rule. */
function read(at: string, text: string, scope: Scope): Expression {
  try {
    return parseExpression(text, scope)
  } catch (error) {
    if (error instanceof ExpressionError) throw new RuleFault(at, error.message)
    throw error
  }
}

type Reference = { trend: Trend; of: (lineup: Lineup) => Value; literal: boolean }

function reference(
  value: number | string,
  scope: Scope,
  party: Aggregation | undefined,
): Reference & { number: boolean } {
  if (typeof value === 'number' || !looksLikeExpression(value))
    return { trend: 'const', of: () => value, literal: true, number: typeof value === 'number' }
  const expression = read('referenceValue', value, scope)
  const { levels, of, trend } = expression.shape
  if (levels.length > 0) throw new RuleFault('referenceValue', 'must be one value, not a list')
  const value_ = (lineup: Lineup) => evaluate(expression, lineup, party)
  return { trend, of: value_, literal: false, number: of === 'number' }
}

const rises = (trend: Trend) => trend === 'up' || trend === 'const'
const falls = (trend: Trend) => trend === 'down' || trend === 'const'
/** Whether `a`, which lies above `b`, stays there. */
const apart = (a: Trend, b: Trend) => rises(a) && falls(b)

/** The worst of all verdicts, so that a rule over many values holds when it holds for each. */
function worst(values: readonly Value[], judge: (value: number | string) => Verdict): Verdict {
  let found: Verdict = holds
  for (const value of values) {
    const verdict =
      value === undefined
        ? undecided
        : Array.isArray(value)
          ? worst(value as readonly Value[], judge)
          : judge(value as number | string)
    if (verdict === broken) return broken
    if (verdict < found) found = verdict
  }
  return found
}

function comparison(document: RuleOf<'comparison'>, scope: Scope): Judge {
  const { operation, referenceValue, partyAggregation } = document
  const measured = document.measurements.map((text, i) => read(`measurements[${i}]`, text, scope))
  for (const [i, { shape }] of measured.entries()) {
    if (shape.of === 'player') throw new RuleFault(`measurements[${i}]`, 'is a list of players')
  }
  const equality = operation === '=' || operation === '!='
  if (!equality && measured.some(({ shape }) => shape.of !== 'number'))
    throw new RuleFault('operation', `${operation} needs numbers`)
  if (referenceValue === undefined) {
    if (!equality) throw new RuleFault('operation', `${operation} needs a referenceValue`)
    return alike(measured, operation === '=', partyAggregation)
  }
  const against = reference(referenceValue, scope, partyAggregation)
  if (measured.some(({ shape }) => (shape.of === 'number') !== against.number))
    throw new RuleFault('referenceValue', 'is of another type than the measurements')
  return {
    breakable: !against.literal || measured.some(({ shape }) => shape.trend !== 'const'),
    judge(lineup) {
      const to = against.of(lineup)
      if (to === undefined) return undecided
      let found: Verdict = holds
      for (const expression of measured) {
        const { trend } = expression.shape
        const verdict = worst([evaluate(expression, lineup, partyAggregation)], (value) =>
          compare(value, operation, to as number | string, trend, against.trend),
        )
        if (verdict < found) found = verdict
      }
      return found
    },
  }
}

function compare(
  a: number | string,
  operation: RuleOf<'comparison'>['operation'],
  b: number | string,
  trendA: Trend,
  trendB: Trend,
): Verdict {
  switch (operation) {
    case '<':
      return a < b ? holds : apart(trendA, trendB) ? broken : fails
    case '<=':
      return a <= b ? holds : apart(trendA, trendB) ? broken : fails
    case '>':
      return a > b ? holds : apart(trendB, trendA) ? broken : fails
    case '>=':
      return a >= b ? holds : apart(trendB, trendA) ? broken : fails
    case '=':
      if (a === b) return holds
      return (a > b ? apart(trendA, trendB) : apart(trendB, trendA)) ? broken : fails
    case '!=':
      return a !== b ? holds : trendA === 'const' && trendB === 'const' ? broken : fails
  }
}

/** All measured values are equal, or all are different. */
function alike(
  measured: readonly Expression[],
  equal: boolean,
  party: PartyNumber | undefined,
): Judge {
  const lost = measured.every(({ shape }) => shape.trend === 'const') ? broken : fails
  return {
    breakable: true,
    judge(lineup) {
      const seen = new Set<number | string>()
      let count = 0
      const verdict = worst(
        measured.map((each) => evaluate(each, lineup, party)),
        (value) => {
          seen.add(value)
          count++
          return (equal ? seen.size === 1 : seen.size === count) ? holds : lost
        },
      )
      return verdict
    },
  }
}

function distance(document: RuleOf<'distance'>, scope: Scope): Judge {
  const { minDistance, maxDistance, partyAggregation } = document
  if (minDistance === undefined && maxDistance === undefined)
    throw new RuleFault('maxDistance', 'or minDistance is needed')
  const measured = document.measurements.map((text, i) => read(`measurements[${i}]`, text, scope))
  for (const [i, { shape }] of measured.entries()) {
    if (shape.of !== 'number') throw new RuleFault(`measurements[${i}]`, 'must be numbers')
  }
  const against = reference(document.referenceValue, scope, partyAggregation)
  if (!against.number) throw new RuleFault('referenceValue', 'must be a number')
  return {
    breakable: !against.literal || measured.some(({ shape }) => shape.trend !== 'const'),
    judge(lineup) {
      const to = against.of(lineup)
      if (to === undefined) return undecided
      let found: Verdict = holds
      for (const expression of measured) {
        const { trend } = expression.shape
        const verdict = worst([evaluate(expression, lineup, partyAggregation)], (value) => {
          const away = Math.abs((value as number) - (to as number))
          if (maxDistance !== undefined && away > maxDistance) {
            const stays = value > to ? apart(trend, against.trend) : apart(against.trend, trend)
            return stays ? broken : fails
          }
          if (minDistance === undefined || away >= minDistance) return holds
          return trend === 'const' && against.trend === 'const' ? broken : fails
        })
        if (verdict < found) found = verdict
      }
      return found
    },
  }
}

function batchDistance(document: RuleOf<'batchDistance'>, scope: Scope): Judge {
  const { batchAttribute, maxDistance, partyAggregation = 'avg' } = document
  const attribute = scope.attributes.findIndex(({ name }) => name === batchAttribute)
  const type = scope.attributes[attribute]?.type
  if (type !== 'number' && type !== 'string')
    throw new RuleFault('batchAttribute', 'must be a declared attribute, a number or a string')
  if (type === 'number' && maxDistance === undefined)
    throw new RuleFault('maxDistance', 'is needed for a number')
  if (type === 'string' && maxDistance !== undefined)
    throw new RuleFault('maxDistance', 'is for numbers, not for a string')
  return {
    breakable: true,
    judge({ members }) {
      const all = members.flatMap((entry) =>
        aggregated(valuesOf(entry, attribute) as (number | string)[], partyAggregation),
      )
      if (type === 'string') return new Set(all).size <= 1 ? holds : broken
      const numbers = all as number[]
      return Math.max(...numbers) - Math.min(...numbers) <= maxDistance! ? holds : broken
    },
  }
}

/** What all players of a ticket bring of one attribute. */
export const valuesOf = (entry: Entry, attribute: number) =>
  entry.parts.length === 1
    ? entry.parts[0]!.values[attribute]!
    : entry.parts.flatMap((part) => part.values[attribute]!)

function collection(document: RuleOf<'collection'>, scope: Scope): Judge {
  const {
    operation,
    minCount = 0,
    maxCount = Infinity,
    referenceValue,
    partyAggregation,
  } = document
  if (document.minCount === undefined && document.maxCount === undefined)
    throw new RuleFault('minCount', 'or maxCount is needed')
  const measured = document.measurements.map((text, i) => read(`measurements[${i}]`, text, scope))
  for (const [i, { shape }] of measured.entries()) {
    if (shape.of !== 'string' || shape.levels.length !== 2)
      throw new RuleFault(`measurements[${i}]`, 'must be a list of string lists')
  }
  const against = listReference(operation, referenceValue, scope, partyAggregation)
  /** How a count moves when players join. */
  const trends: Record<typeof operation, Trend> = {
    intersection: 'down',
    contains: 'up',
    reference_intersection_count: against.trend,
  }
  const trend = trends[operation]
  const judgeCount = (count: number): Verdict => {
    if (count < minCount) return falls(trend) ? broken : fails
    if (count > maxCount) return rises(trend) ? broken : fails
    return holds
  }
  return {
    breakable: operation !== 'reference_intersection_count' || !against.literal,
    judge(lineup) {
      const to = against.of(lineup)
      if (to === undefined) return undecided
      let found: Verdict = holds
      for (const expression of measured) {
        const lists = evaluate(expression, lineup, partyAggregation) as readonly string[][]
        const verdict = worst(countsOf(operation, lists, to), (count) =>
          judgeCount(count as number),
        )
        if (verdict < found) found = verdict
      }
      return found
    },
  }
}

function countsOf(
  operation: RuleOf<'collection'>['operation'],
  lists: readonly (readonly string[])[],
  to: readonly string[],
): (number | undefined)[] {
  switch (operation) {
    case 'intersection':
      return [common(lists)?.length]
    case 'contains':
      return [lists.filter((list) => list.includes(to[0]!)).length]
    case 'reference_intersection_count': {
      const items = new Set(to)
      return lists.map((list) => new Set(list).intersection(items).size)
    }
  }
}

function listReference(
  operation: RuleOf<'collection'>['operation'],
  value: string | string[] | undefined,
  scope: Scope,
  party: Aggregation | undefined,
): { trend: Trend; literal: boolean; of: (lineup: Lineup) => readonly string[] | undefined } {
  const at = 'referenceValue'
  if (operation === 'intersection') {
    if (value !== undefined) throw new RuleFault(at, 'is not for an intersection')
    return { trend: 'const', literal: true, of: () => [] }
  }
  if (value === undefined) throw new RuleFault(at, 'is needed')
  if (Array.isArray(value) || !looksLikeExpression(value)) {
    if (operation === 'contains' && Array.isArray(value))
      throw new RuleFault(at, 'must be one string')
    const list = Array.isArray(value) ? value : [value]
    return { trend: 'const', literal: true, of: () => list }
  }
  const expression = read(at, value, scope)
  const { of, levels } = expression.shape
  if (operation === 'contains' || of !== 'string' || levels.length !== 1)
    throw new RuleFault(
      at,
      operation === 'contains' ? 'must be one string' : 'must be a list of strings',
    )
  const trends = { fixed: 'const', grows: 'up', shrinks: 'down', any: 'any' } as const
  return {
    trend: trends[levels[0]!],
    literal: false,
    of: (lineup) => evaluate(expression, lineup, party) as readonly string[] | undefined,
  }
}

type Term = { kind: 'rule'; rule: Rule } | { kind: 'and' | 'or' | 'xor' | 'not'; of: Term[] }

/** The names that a statement names. Throws a RuleFault. */
export const operandsOf = (statement: string): string[] =>
  [...statement.matchAll(/[^(),\s][^(),]*?(?=\s*[,)])/g)].map(([name]) => name)

function compound({ statement }: RuleOf<'compound'>, before: readonly Rule[]): Judge {
  const term = parseStatement(statement.trim(), before, 0)
  if (term.kind === 'rule') throw new RuleFault('statement', 'must be and, or, not or xor')
  return { breakable: true, judge: (lineup) => judgeTerm(term, lineup) }
}

function parseStatement(text: string, before: readonly Rule[], depth: number): Term {
  if (depth > 16) throw new RuleFault('statement', 'nests deeper than 16')
  const found = /^(and|or|not|xor)\s*\((.*)\)$/s.exec(text)
  if (found === null) {
    const rule = before.find(({ name }) => name === text)
    if (rule === undefined)
      throw new RuleFault('statement', `there is no rule ${text.slice(0, 128)} above it`)
    const { type } = rule.document
    if (type === 'batchDistance' || type === 'compound' || type.endsWith('Sort'))
      throw new RuleFault('statement', `a rule of type ${type} (${text}) cannot be an operand`)
    return { kind: 'rule', rule }
  }
  const kind = found[1] as 'and' | 'or' | 'not' | 'xor'
  const parts = splitArguments(found[2]!)
  const takes = kind === 'not' ? 1 : 2
  if (parts.length !== takes) throw new RuleFault('statement', `${kind} takes ${takes}`)
  return { kind, of: parts.map((part) => parseStatement(part, before, depth + 1)) }
}

/** At the commas that are in no bracket. */
function splitArguments(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let begin = 0
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')') depth--
    if (i === text.length || (text[i] === ',' && depth === 0)) {
      parts.push(text.slice(begin, i).trim())
      begin = i + 1
    }
  }
  return parts
}

function judgeTerm(term: Term, lineup: Lineup): Verdict {
  if (term.kind === 'rule') return term.rule.judge(lineup)
  const of = term.of.map((each) => judgeTerm(each, lineup))
  const [a, b] = of as [Verdict, Verdict]
  switch (term.kind) {
    case 'and':
      return Math.min(a, b) as Verdict
    case 'or':
      return Math.max(a, b) as Verdict
    case 'not':
      // That a rule holds for good is not known, so its opposite is never broken.
      return a === undecided ? undecided : a === holds ? fails : holds
    case 'xor':
      if (a === broken && b === broken) return broken
      if (a === undecided || b === undecided) return undecided
      return (a === holds) === (b === holds) ? fails : holds
  }
}

function latency(document: RuleOf<'latency'>): Judge {
  if (document.maxLatency === undefined && document.maxDistance === undefined)
    throw new RuleFault('maxLatency', 'or maxDistance is needed')
  if ((document.maxDistance === undefined) !== (document.distanceReference === undefined))
    throw new RuleFault('distanceReference', 'and maxDistance go together')
  return {
    breakable: true,
    judge({ members }) {
      if (regionsWithin([document], members).length > 0) return holds
      const { maxDistance: _, ...limit } = document
      return regionsWithin([limit], members).length > 0 ? fails : broken
    },
  }
}

type LatencyLimit = Pick<
  RuleOf<'latency'>,
  'maxLatency' | 'maxDistance' | 'distanceReference' | 'partyAggregation'
>

/** The regions that all tickets have in common and in which all of the rules hold. */
export function regionsWithin(rules: readonly LatencyLimit[], members: readonly Entry[]): string[] {
  const [first] = members
  if (first === undefined) return []
  const party = rules[0]?.partyAggregation ?? 'avg'
  return [...(first.latencies.get(party)?.keys() ?? [])].filter((region) =>
    rules.every((rule) => acceptable(rule, region, members)),
  )
}

function acceptable(rule: LatencyLimit, region: string, members: readonly Entry[]): boolean {
  const { maxLatency = Infinity, maxDistance, distanceReference, partyAggregation = 'avg' } = rule
  const all: number[] = []
  for (const { latencies } of members) {
    const ms = latencies.get(partyAggregation)?.get(region)
    if (ms === undefined || ms > maxLatency) return false
    all.push(ms)
  }
  if (maxDistance === undefined) return true
  const reference = distanceReference === 'min' ? Math.min(...all) : sumOf(all) / all.length
  return all.every((ms) => Math.abs(ms - reference) <= maxDistance)
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0)
