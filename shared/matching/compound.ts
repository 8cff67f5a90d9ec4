// Rules made of other rules: `or(and(SameMap, SameMode), Near)`.
import { matchExpressionDepthMax } from '../limits.ts'
import type { Lineup } from './lineup.ts'
import type { RuleOf } from './rule-schema.ts'
import { broken, fails, holds, RuleFault, undecided } from './verdict.ts'
import type { Judge, Verdict } from './verdict.ts'

export type Operand = Judge & {
  readonly name: string
  readonly document: { readonly type: string }
}
type Term = { kind: 'rule'; rule: Operand } | { kind: 'and' | 'or' | 'xor' | 'not'; of: Term[] }

/** The names that a statement names. Throws a RuleFault. */
export const operandsOf = (statement: string): string[] =>
  [...statement.matchAll(/[^(),\s][^(),]*?(?=\s*[,)])/g)].map(([name]) => name)

export function compound({ statement }: RuleOf<'compound'>, before: readonly Operand[]): Judge {
  const term = parseStatement(statement.trim(), before, 0)
  if (term.kind === 'rule') throw new RuleFault('statement', 'must be and, or, not or xor')
  return { breakable: true, judge: (lineup) => judgeTerm(term, lineup) }
}

function parseStatement(text: string, before: readonly Operand[], depth: number): Term {
  if (depth > matchExpressionDepthMax)
    throw new RuleFault('statement', `nests deeper than ${matchExpressionDepthMax}`)
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
