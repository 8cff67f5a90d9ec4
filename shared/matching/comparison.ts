// Rules that compare values: with a reference, with each other, or all of the tickets with each other.
import { evaluate } from './expression.ts'
import type { Expression, Scope, Trend } from './expression.ts'
import { aggregated, valuesOf } from './lineup.ts'
import type { PartyNumber } from './lineup.ts'
import type { RuleOf } from './rule-schema.ts'
import {
  apart,
  broken,
  fails,
  holds,
  read,
  reference,
  RuleFault,
  undecided,
  worst,
} from './verdict.ts'
import type { Judge, Verdict } from './verdict.ts'

export function comparison(document: RuleOf<'comparison'>, scope: Scope): Judge {
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

export function distance(document: RuleOf<'distance'>, scope: Scope): Judge {
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

export function batchDistance(document: RuleOf<'batchDistance'>, scope: Scope): Judge {
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
