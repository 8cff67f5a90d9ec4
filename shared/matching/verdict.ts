// How a rule judges, and what rules of several types share.
import { evaluate, ExpressionError, looksLikeExpression, parseExpression } from './expression.ts'
import type { Expression, Scope, Trend, Value } from './expression.ts'
import type { Aggregation, Lineup } from './lineup.ts'

/** False for good; false as it stands; not decided, for a team is empty; true. */
export const broken = -1
export const fails = 0
export const undecided = 1
export const holds = 2
export type Verdict = typeof broken | typeof fails | typeof undecided | typeof holds

/** A rule that cannot be understood, and the property where. */
export class RuleFault extends Error {
  readonly at: string
  constructor(at: string, message: string) {
    super(message)
    this.at = at
  }
}

/** `breakable`: who joins a match can break it, not only how a single ticket is. */
export type Judge = { breakable: boolean; judge: (lineup: Lineup) => Verdict }

/** An expression at a property of a rule. */
export function read(at: string, text: string, scope: Scope): Expression {
  try {
    return parseExpression(text, scope)
  } catch (error) {
    if (error instanceof ExpressionError) throw new RuleFault(at, error.message)
    throw error
  }
}

type Reference = { trend: Trend; of: (lineup: Lineup) => Value; literal: boolean }

export function reference(
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

export const rises = (trend: Trend) => trend === 'up' || trend === 'const'
export const falls = (trend: Trend) => trend === 'down' || trend === 'const'
/** Whether `a`, which lies above `b`, stays there. */
export const apart = (a: Trend, b: Trend) => rises(a) && falls(b)

/** The worst of all verdicts, so that a rule over many values holds when it holds for each. */
export function worst(
  values: readonly Value[],
  judge: (value: number | string) => Verdict,
): Verdict {
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
