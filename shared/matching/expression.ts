// Property expressions of FlexMatch, `max(avg(teams[*].players.attributes[skill]))`: read once, when a rule set is
// loaded, and evaluated over the teams of a match that is being made.
//
// Besides its type, an expression knows how its value moves when players join: a maximum only rises, a count of
// players only rises, an average may do anything. So a rule can say that it is broken for good, and the search stops.
import { matchExpressionDepthMax, matchExpressionMaxLength } from '../limits.ts'
import type { Aggregation, Lineup } from './lineup.ts'
import { aggregated, unite } from './lineup.ts'

/** Undefined: not decided yet, such as the average of a team without players. */
export type Value = number | string | undefined | readonly Value[]
/** What a list does when players join. */
type Level = 'fixed' | 'grows' | 'shrinks' | 'any'
/** What the values in it do. */
export type Trend = 'const' | 'up' | 'down' | 'any'
/** `levels`: a list of lists has two, the outer one first. */
export type Shape = { levels: readonly Level[]; of: 'number' | 'string' | 'player'; trend: Trend }

type Node =
  | { kind: 'players' | 'ids'; slots: readonly number[]; grouped: boolean }
  | { kind: 'attribute'; attribute: number; slots: readonly number[]; grouped: boolean }
  | { kind: 'call'; name: FunctionName; of: Expression; lift: number }

/** `text`: the same for all ways to write it. */
export type Expression = { text: string; shape: Shape; node: Node }

/** What names stand for in a rule set. */
export type Scope = {
  attributes: readonly { name: string; type: AttributeType }[]
  /** A team by its name; all teams of a definition with a quantity by the definition's name, `grouped`. */
  teams: ReadonlyMap<string, { slots: readonly number[]; grouped: boolean }>
  slotCount: number
}
export type AttributeType = 'string' | 'number' | 'string_list' | 'string_number_map'

/** Why a text is no expression. */
export class ExpressionError extends Error {}

const numeric = ['min', 'max', 'avg', 'median', 'sum', 'stddev'] as const
const functions = [...numeric, 'count', 'flatten', 'set_intersection'] as const
type FunctionName = (typeof functions)[number]
const isFunction = (name: string): name is FunctionName =>
  (functions as readonly string[]).includes(name)

const call = /^([a-z_]+)\s*\(/
const path = /^teams?\s*\[([^\]]*)\]/

/** Whether a text is meant as an expression, not as a word to compare with. */
export const looksLikeExpression = (text: string): boolean =>
  path.test(text.trim()) || /^[a-z_]+\s*\(.*\)\s*$/s.test(text.trim())

/** Throws an ExpressionError. */
export function parseExpression(text: string, scope: Scope): Expression {
  if (text.length > matchExpressionMaxLength)
    throw new ExpressionError(`is longer than ${matchExpressionMaxLength} characters`)
  return parse(text.trim(), scope, 0)
}

function parse(text: string, scope: Scope, depth: number): Expression {
  if (depth > matchExpressionDepthMax)
    throw new ExpressionError(`nests deeper than ${matchExpressionDepthMax}`)
  const name = call.exec(text)?.[1]
  if (name === undefined) return parsePath(text, scope)
  if (!isFunction(name)) throw new ExpressionError(`the function ${name} is not supported`)
  if (!text.endsWith(')')) throw new ExpressionError(`${name}( does not end`)
  const inner = text.slice(text.indexOf('(') + 1, -1).trim()
  return applied(name, parse(inner, scope, depth + 1))
}

function parsePath(text: string, scope: Scope): Expression {
  const found = path.exec(text)
  if (found === null) throw new ExpressionError('is neither teams[…] nor a function of it')
  const { slots, grouped } = teamsOf(found[1]!, scope)
  const levels: Level[] = grouped ? ['fixed', 'grows'] : ['grows']
  const rest = text.slice(found[0].length)
  const of = (shape: Omit<Shape, 'trend'>, node: Exclude<Node, { kind: 'call' }>): Expression => ({
    text: `teams[${slots.join()}${grouped ? ' each' : ''}].${node.kind === 'attribute' ? node.attribute : node.kind}`,
    shape: { ...shape, trend: 'const' },
    node,
  })
  if (rest === '.players') return of({ levels, of: 'player' }, { kind: 'players', slots, grouped })
  if (/^\.players\s*\[\s*player[iI]d\s*\]$/.test(rest))
    return of({ levels, of: 'string' }, { kind: 'ids', slots, grouped })
  const name = /^\.players\.attributes\s*\[([^[\]]+)\]$/.exec(rest)?.[1]?.trim()
  if (name === undefined)
    throw new ExpressionError(
      'after teams[…] must stand .players, .players[playerId] or .players.attributes[…]',
    )
  const attribute = scope.attributes.findIndex((each) => each.name === name)
  const type = scope.attributes[attribute]?.type
  if (type === undefined) throw new ExpressionError(`the attribute ${name} is not declared`)
  if (type === 'string_number_map')
    throw new ExpressionError(`the attribute ${name} is a map, which expressions cannot read`)
  return of(
    {
      levels: type === 'string_list' ? [...levels, 'fixed'] : levels,
      of: type === 'number' ? 'number' : 'string',
    },
    { kind: 'attribute', attribute, slots, grouped },
  )
}

function teamsOf(list: string, scope: Scope): { slots: readonly number[]; grouped: boolean } {
  const names = list.split(',').map((name) => name.trim())
  if (names.length === 1 && names[0] === '*')
    return { slots: Array.from({ length: scope.slotCount }, (_, i) => i), grouped: true }
  const named = names.map((name) => {
    const team = scope.teams.get(name)
    if (team === undefined) throw new ExpressionError(`there is no team ${name}`)
    return team
  })
  if (named.length === 1) return named[0]!
  return { slots: [...new Set(named.flatMap(({ slots }) => slots))], grouped: true }
}

function applied(name: FunctionName, of: Expression): Expression {
  const { levels, of: base, trend } = of.shape
  const needs = name === 'flatten' || name === 'set_intersection' ? 2 : 1
  if (levels.length < needs)
    throw new ExpressionError(`${name} takes a list${needs === 2 ? ' of lists' : ''}`)
  if ((numeric as readonly string[]).includes(name) && base !== 'number')
    throw new ExpressionError(`${name} takes numbers`)
  if (name === 'set_intersection' && base !== 'string')
    throw new ExpressionError('set_intersection takes lists of strings')
  const outer = levels.slice(0, levels.length - needs)
  const make = (shape: Shape): Expression => ({
    text: `${name}(${of.text})`,
    shape,
    // `flatten` takes one level away from above, all others work on the innermost lists.
    node: { kind: 'call', name, of, lift: name === 'flatten' ? 0 : outer.length },
  })
  if (name === 'flatten')
    return make({ levels: [merged(levels[0]!, levels[1]!), ...levels.slice(2)], of: base, trend })
  if (name === 'set_intersection') {
    const [lists, items] = [levels.at(-2)!, levels.at(-1)!]
    const level: Level =
      items === 'grows' || items === 'any' || lists === 'any' || lists === 'shrinks'
        ? 'any'
        : 'shrinks'
    return make({ levels: [...outer, level], of: 'string', trend })
  }
  return make({ levels: outer, of: 'number', trend: trendOf(name, levels.at(-1)!, trend) })
}

function merged(outer: Level, inner: Level): Level {
  const both = [outer, inner]
  if (both.includes('any')) return 'any'
  if (both.includes('grows')) return both.includes('shrinks') ? 'any' : 'grows'
  return both.includes('shrinks') ? 'shrinks' : 'fixed'
}

function trendOf(name: FunctionName, list: Level, values: Trend): Trend {
  if (name === 'count')
    return list === 'grows'
      ? 'up'
      : list === 'shrinks'
        ? 'down'
        : list === 'fixed'
          ? 'const'
          : 'any'
  if (list === 'fixed' && values === 'const') return 'const'
  const [rising, growing, shrinking] =
    name === 'max'
      ? (['up', 'grows', 'shrinks'] as const)
      : name === 'min'
        ? (['down', 'grows', 'shrinks'] as const)
        : (['any', 'any', 'any'] as const)
  if (rising === 'any') return 'any'
  if (list === growing) return values === 'const' || values === rising ? rising : 'any'
  if (list === 'fixed') return values
  if (list === shrinking && values === 'const') return rising === 'up' ? 'down' : 'up'
  return 'any'
}

/** `party`: how the players of a ticket count as one; each for himself without it. */
export function evaluate({ node }: Expression, lineup: Lineup, party?: Aggregation): Value {
  if (node.kind === 'call') return lifted(node.name, evaluate(node.of, lineup, party), node.lift)
  const lists = node.slots.map((slot) => listOf(node, lineup, slot, party))
  return node.grouped ? lists : lists[0]
}

function listOf(
  node: Exclude<Node, { kind: 'call' }>,
  { teams }: Lineup,
  slot: number,
  party: Aggregation | undefined,
): Value[] {
  const list: Value[] = []
  for (const part of teams[slot]!) {
    if (node.kind !== 'attribute') list.push(...part.playerIds)
    else if (party === undefined) list.push(...(part.values[node.attribute] as Value[]))
    else if (party === 'union' || party === 'intersection') {
      list.push(unite(part.values[node.attribute] as readonly string[][], party))
    } else list.push(...aggregated(part.values[node.attribute] as readonly Value[], party))
  }
  return list
}

function lifted(name: FunctionName, value: Value, lift: number): Value {
  if (!Array.isArray(value)) return undefined
  const list = value as readonly Value[]
  if (lift > 0) return list.map((each) => lifted(name, each, lift - 1))
  if (name === 'count') return list.length
  if (list.includes(undefined)) return undefined
  if (name === 'flatten') return list.flat(1)
  if (name === 'set_intersection') return common(list as readonly (readonly string[])[])
  return statistic(name, list as readonly number[])
}

/** The strings that are in all of the lists, once each; undefined without lists. */
export function common(lists: readonly (readonly string[])[]): string[] | undefined {
  const [first, ...others] = lists
  if (first === undefined) return undefined
  const sets = others.map((list) => new Set(list))
  return [...new Set(first)].filter((text) => sets.every((set) => set.has(text)))
}

function statistic(
  name: Exclude<FunctionName, 'count' | 'flatten' | 'set_intersection'>,
  list: readonly number[],
): number | undefined {
  let sum = 0
  for (const each of list) sum += each
  if (name === 'sum') return sum
  if (list.length === 0) return undefined
  switch (name) {
    case 'min':
      return Math.min(...list)
    case 'max':
      return Math.max(...list)
    case 'avg':
      return sum / list.length
    case 'median': {
      const sorted = list.toSorted((a, b) => a - b)
      const middle = sorted.length >> 1
      return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2
    }
    case 'stddev': {
      const mean = sum / list.length
      let squares = 0
      for (const each of list) squares += (each - mean) ** 2
      return Math.sqrt(squares / list.length)
    }
  }
}
