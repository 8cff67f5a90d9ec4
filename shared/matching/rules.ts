// Rules as functions of the teams of a match. A rule of a match that is not complete may be broken for good: whoever
// joins, it stays false. Only then the search turns back; all else the complete match decides.
import { collection } from './collection.ts'
import { batchDistance, comparison, distance } from './comparison.ts'
import { compound } from './compound.ts'
import type { Scope } from './expression.ts'
import { latency } from './latency.ts'
import type { RuleDocument } from './rule-schema.ts'
import { holds } from './verdict.ts'
import type { Judge } from './verdict.ts'

export type Rule = Judge & {
  readonly name: string
  readonly document: RuleDocument['rules'][number]
  /** It must hold by itself. An operand of a compound rule need not. */
  readonly enforced: boolean
}

/** Sort rules exclude nobody. */
const ordersOnly: Judge = { breakable: false, judge: () => holds }

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
      return ordersOnly
  }
}
