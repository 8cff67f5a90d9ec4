// ConditionExpression, FilterExpression and KeyConditionExpression: grammar, static checks, meaning.
//
// Precedence, tightest first: comparison, IN, BETWEEN, functions; NOT; AND; OR. A missing attribute
// makes every comparison false but `<>`. Only strings, numbers and bytes have an order.
import type { Path, Scope } from './expression.ts'
import { cached, readPath, resolvePath, samePath } from './expression.ts'
import type { Reader } from './expression.ts'
import type { Item, Value } from './store.ts'
import type { TypeTag } from './value.ts'
import { compareValues, equalValues, invalid, isMap, typeOf } from './value.ts'

export type Operand = { path: Path } | { value: string } | { size: Path }
export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='
export type Condition =
  | { op: 'and' | 'or'; left: Condition; right: Condition }
  | { op: 'not'; inner: Condition }
  | { op: 'compare'; comparator: Comparator; left: Operand; right: Operand }
  | { op: 'between'; operand: Operand; low: Operand; high: Operand }
  | { op: 'in'; operand: Operand; options: Operand[] }
  | { op: 'exists' | 'missing'; path: Path }
  | { op: 'type'; path: Path; type: string }
  | { op: 'begins_with' | 'contains'; path: Path; operand: Operand }

/** DynamoDB's bound of the options of one IN. */
const optionsMax = 100
const storedTypes = new Set<Value>(['S', 'SS', 'N', 'NS', 'B', 'BS', 'BOOL', 'NULL', 'L', 'M'])
const ordered = new Set<TypeTag>(['S', 'N', 'B'])

export const parseCondition = cached((reader) => {
  const state: State = { reader, grouped: undefined }
  return parseOr(state)
})

/** `grouped` is the node that was last in parentheses: doubled ones are refused, as DynamoDB does. */
type State = { reader: Reader; grouped: Condition | undefined }

function parseOr(state: State): Condition {
  let left = parseAnd(state)
  while (state.reader.isWord('OR')) {
    state.reader.next()
    left = { op: 'or', left, right: parseAnd(state) }
  }
  return left
}

function parseAnd(state: State): Condition {
  let left = parseNot(state)
  while (state.reader.isWord('AND')) {
    state.reader.next()
    left = { op: 'and', left, right: parseNot(state) }
  }
  return left
}

function parseNot(state: State): Condition {
  const { reader } = state
  if (reader.isWord('NOT')) {
    reader.next()
    return { op: 'not', inner: parseNot(state) }
  }
  if (reader.isMark('(')) {
    reader.next()
    const inner = parseOr(state)
    reader.expectMark(')')
    if (inner === state.grouped) throw reader.fault('redundant parentheses')
    state.grouped = inner
    return inner
  }
  const { kind, text } = reader.peek()
  if (kind === 'word' && reader.isMark('(', 1) && text !== 'size') return parseFunction(reader)
  return parseComparison(reader)
}

function parseFunction(reader: Reader): Condition {
  const name = reader.next().text
  reader.expectMark('(')
  const condition = parseArguments(reader, name)
  reader.expectMark(')')
  return condition
}

function parseArguments(reader: Reader, name: string): Condition {
  const path = reader.path()
  if (name === 'attribute_exists') return { op: 'exists', path }
  if (name === 'attribute_not_exists') return { op: 'missing', path }
  if (name !== 'attribute_type' && name !== 'begins_with' && name !== 'contains') {
    throw reader.fault(`there is no function ${name}`)
  }
  reader.expectMark(',')
  if (name === 'attribute_type') return { op: 'type', path, type: reader.value() }
  return { op: name, path, operand: parseOperand(reader) }
}

function parseComparison(reader: Reader): Condition {
  const operand = parseOperand(reader)
  if (reader.isWord('BETWEEN')) {
    reader.next()
    const low = parseOperand(reader)
    reader.expectWord('AND')
    return { op: 'between', operand, low, high: parseOperand(reader) }
  }
  if (reader.isWord('IN')) {
    reader.next()
    reader.expectMark('(')
    const options = [parseOperand(reader)]
    while (reader.isMark(',')) {
      reader.next()
      options.push(parseOperand(reader))
    }
    reader.expectMark(')')
    if (options.length > optionsMax) throw reader.fault(`more than ${optionsMax} options`)
    return { op: 'in', operand, options }
  }
  const { kind, text } = reader.peek()
  if (kind !== 'mark' || !isComparator(text)) throw reader.fault('expected a comparison')
  reader.next()
  return { op: 'compare', comparator: text, left: operand, right: parseOperand(reader) }
}

function isComparator(text: string): text is Comparator {
  return ['=', '<>', '<', '<=', '>', '>='].includes(text)
}

function parseOperand(reader: Reader): Operand {
  const { kind, text } = reader.peek()
  if (kind === 'value') return { value: reader.value() }
  if (kind === 'word' && text === 'size' && reader.isMark('(', 1)) {
    reader.next()
    reader.next()
    const size = reader.path()
    reader.expectMark(')')
    return { size }
  }
  return { path: reader.path() }
}

/** Refuses what DynamoDB refuses before it looks at a row. Throws StoreError `invalid`. */
export function checkCondition(condition: Condition, scope: Scope): void {
  switch (condition.op) {
    case 'and':
    case 'or':
      checkCondition(condition.left, scope)
      checkCondition(condition.right, scope)
      return
    case 'not':
      checkCondition(condition.inner, scope)
      return
    case 'exists':
    case 'missing':
      return
    case 'type':
      if (!storedTypes.has(scope.values[condition.type]!)) throw invalid('there is no such type')
      return
    case 'compare': {
      const operands = [condition.left, condition.right]
      checkDistinct(operands, scope)
      if (condition.comparator !== '=' && condition.comparator !== '<>') {
        checkOrdered(operands, scope)
      }
      return
    }
    case 'between':
      checkOrdered([condition.operand, condition.low, condition.high], scope)
      checkBounds(condition.low, condition.high, scope)
      return
    case 'in':
      checkDistinct([condition.operand, ...condition.options], scope)
      return
    case 'begins_with':
    case 'contains': {
      checkDistinct([{ path: condition.path }, condition.operand], scope)
      const type = literalType(condition.operand, scope)
      if (condition.op === 'begins_with' && type !== undefined && type !== 'S' && type !== 'B') {
        throw invalid(`begins_with does not take ${type}`)
      }
    }
  }
}

function literalType(operand: Operand, scope: Scope): TypeTag | undefined {
  if ('size' in operand) return 'N'
  return 'value' in operand ? typeOf(scope.values[operand.value]!) : undefined
}

function checkOrdered(operands: Operand[], scope: Scope): void {
  for (const operand of operands) {
    const type = literalType(operand, scope)
    if (type !== undefined && !ordered.has(type)) throw invalid(`${type} has no order`)
  }
}

function checkBounds(low: Operand, high: Operand, scope: Scope): void {
  if (!('value' in low) || !('value' in high)) return
  const order = compareValues(scope.values[low.value]!, scope.values[high.value]!)
  if (order === undefined) throw invalid('the bounds of BETWEEN have two types')
  if (order > 0) throw invalid('the bounds of BETWEEN are reversed')
}

/** DynamoDB refuses to compare an attribute with itself. */
function checkDistinct([first, ...rest]: Operand[], scope: Scope): void {
  if (first === undefined || !('path' in first)) return
  const path = resolvePath(first.path, scope)
  for (const other of rest) {
    if ('path' in other && samePath(path, resolvePath(other.path, scope))) {
      throw invalid('an attribute is compared with itself')
    }
  }
}

/** Whether a row (or its absence) meets a condition that was checked. */
export function meets(condition: Condition, scope: Scope, item: Item | undefined): boolean {
  switch (condition.op) {
    case 'and':
      return meets(condition.left, scope, item) && meets(condition.right, scope, item)
    case 'or':
      return meets(condition.left, scope, item) || meets(condition.right, scope, item)
    case 'not':
      return !meets(condition.inner, scope, item)
    case 'compare':
      return compares(
        condition.comparator,
        evaluate(condition.left, scope, item),
        evaluate(condition.right, scope, item),
      )
    case 'between': {
      const value = evaluate(condition.operand, scope, item)
      return (
        compares('>=', value, evaluate(condition.low, scope, item)) &&
        compares('<=', value, evaluate(condition.high, scope, item))
      )
    }
    case 'in': {
      const value = evaluate(condition.operand, scope, item)
      return condition.options.some((option) => compares('=', value, evaluate(option, scope, item)))
    }
    case 'exists':
      return readPath(item, resolvePath(condition.path, scope)) !== undefined
    case 'missing':
      return readPath(item, resolvePath(condition.path, scope)) === undefined
    case 'type': {
      const value = readPath(item, resolvePath(condition.path, scope))
      return value !== undefined && typeOf(value) === scope.values[condition.type]
    }
    case 'begins_with':
      return beginsWith(
        readPath(item, resolvePath(condition.path, scope)),
        evaluate(condition.operand, scope, item),
      )
    case 'contains':
      return contains(
        readPath(item, resolvePath(condition.path, scope)),
        evaluate(condition.operand, scope, item),
      )
  }
}

function evaluate(operand: Operand, scope: Scope, item: Item | undefined): Value | undefined {
  if ('value' in operand) return scope.values[operand.value]
  if ('path' in operand) return readPath(item, resolvePath(operand.path, scope))
  const value = readPath(item, resolvePath(operand.size, scope))
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length
  if (Array.isArray(value)) return value.length
  return isMap(value) ? Object.keys(value).length : undefined
}

function compares(comparator: Comparator, a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return comparator === '<>'
  if (comparator === '=') return equalValues(a, b)
  if (comparator === '<>') return !equalValues(a, b)
  const order = compareValues(a, b)
  if (order === undefined) return false
  switch (comparator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

function beginsWith(value: Value | undefined, prefix: Value | undefined): boolean {
  if (typeof value === 'string' && typeof prefix === 'string') return value.startsWith(prefix)
  if (!(value instanceof Uint8Array) || !(prefix instanceof Uint8Array)) return false
  return equalValues(value.subarray(0, prefix.length), prefix)
}

function contains(value: Value | undefined, part: Value | undefined): boolean {
  if (part === undefined) return false
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part)
  return Array.isArray(value) && value.some((entry) => equalValues(entry, part))
}
