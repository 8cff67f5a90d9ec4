// Rules that count in string lists.
import { common, evaluate, looksLikeExpression } from './expression.ts'
import type { Scope, Trend } from './expression.ts'
import type { Aggregation, Lineup } from './lineup.ts'
import type { RuleOf } from './rule-schema.ts'
import { broken, fails, falls, holds, read, rises, RuleFault, undecided, worst } from './verdict.ts'
import type { Judge, Verdict } from './verdict.ts'

export function collection(document: RuleOf<'collection'>, scope: Scope): Judge {
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
