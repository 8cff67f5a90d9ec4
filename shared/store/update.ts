// UpdateExpression: SET and REMOVE. ADD and DELETE (of sets) are refused: nothing here needs them.
//
// All right-hand sides are read from the row as it was, so the order of the assignments is no matter.
import type { Path, Reader, Scope } from './expression.ts'
import { cached, readPath, resolvePath } from './expression.ts'
import type { Item, Value } from './store.ts'
import { cloneItem, cloneValue, copyItem, invalid, isMap, typeOf } from './value.ts'

type Term =
  | { path: Path }
  | { value: string }
  | { ifMissing: Path; fallback: Term }
  | { first: Term; second: Term }
type Sum = { operator: '+' | '-'; left: Term; right: Term }
export type UpdatePlan = { sets: { path: Path; value: Term | Sum }[]; removes: Path[] }

export const parseUpdate = cached((reader): UpdatePlan => {
  const plan: UpdatePlan = { sets: [], removes: [] }
  const seen = new Set<string>()
  do {
    const section = reader.next().text.toUpperCase()
    if (section !== 'SET' && section !== 'REMOVE') {
      throw reader.fault(`${section} is not used here`)
    }
    if (seen.has(section)) throw reader.fault(`${section} stands twice`)
    seen.add(section)
    for (;;) {
      if (section === 'SET') plan.sets.push(parseAssignment(reader))
      else plan.removes.push(reader.path())
      if (!reader.isMark(',')) break
      reader.next()
    }
  } while (reader.peek().kind !== 'end')
  return plan
})

function parseAssignment(reader: Reader): { path: Path; value: Term | Sum } {
  const path = reader.path()
  reader.expectMark('=')
  const left = parseTerm(reader)
  const operator = reader.isMark('+') ? '+' : reader.isMark('-') ? '-' : undefined
  if (operator === undefined) return { path, value: left }
  reader.next()
  return { path, value: { operator, left, right: parseTerm(reader) } }
}

function parseTerm(reader: Reader): Term {
  const { kind, text } = reader.peek()
  if (kind === 'value') return { value: reader.value() }
  if (kind !== 'word' || !reader.isMark('(', 1)) return { path: reader.path() }
  if (text !== 'if_not_exists' && text !== 'list_append') {
    throw reader.fault(`there is no function ${text}`)
  }
  reader.next()
  reader.next()
  const term = text === 'if_not_exists' ? parseIfMissing(reader) : parseAppend(reader)
  reader.expectMark(')')
  return term
}

function parseIfMissing(reader: Reader): Term {
  const ifMissing = reader.path()
  reader.expectMark(',')
  return { ifMissing, fallback: parseTerm(reader) }
}

function parseAppend(reader: Reader): Term {
  const first = parseTerm(reader)
  reader.expectMark(',')
  return { first, second: parseTerm(reader) }
}

/** Refuses what DynamoDB refuses before it looks at a row. Throws StoreError `invalid`. */
export function checkUpdate(plan: UpdatePlan, scope: Scope): void {
  const paths = [...plan.sets.map((set) => set.path), ...plan.removes].map((path) =>
    resolvePath(path, scope),
  )
  for (const [i, path] of paths.entries()) {
    if (path[0] === 'pk' || path[0] === 'sk') throw invalid('an update may not change the key')
    for (const other of paths.slice(i + 1)) {
      const shorter = Math.min(path.length, other.length)
      if (path.slice(0, shorter).every((name, depth) => name === other[depth])) {
        throw invalid('two paths of an update overlap')
      }
    }
  }
  for (const { value } of plan.sets) {
    if ('operator' in value) {
      checkLiteral(value.left, scope, 'N')
      checkLiteral(value.right, scope, 'N')
    } else {
      checkTerm(value, scope)
    }
  }
}

function checkTerm(term: Term, scope: Scope): void {
  if ('ifMissing' in term) checkTerm(term.fallback, scope)
  if ('first' in term) {
    checkLiteral(term.first, scope, 'L')
    checkLiteral(term.second, scope, 'L')
  }
}

function checkLiteral(term: Term, scope: Scope, type: 'N' | 'L'): void {
  if ('value' in term && typeOf(scope.values[term.value]!) !== type) {
    throw invalid(`an operand of an update is not of type ${type}`)
  }
  checkTerm(term, scope)
}

/**
 * The row after a checked update. `base` is the row before, or the bare key of an absent one. Throws
 * StoreError `invalid` where it refers to a missing attribute or parent, or the types do not fit.
 */
export function applyUpdate(plan: UpdatePlan, scope: Scope, base: Item): Item {
  const values = plan.sets.map((set) => valueOf(set.value, scope, base))
  const item = copyItem(base)
  for (const [i, { path }] of plan.sets.entries()) {
    const names = resolvePath(path, scope)
    parentOf(item, names)[names.at(-1)!] = cloneValue(values[i]!)
  }
  for (const path of plan.removes) {
    const names = resolvePath(path, scope)
    delete parentOf(item, names)[names.at(-1)!]
  }
  return cloneItem(item)
}

function parentOf(item: Item, names: string[]): { [attribute: string]: Value } {
  const parent = readPath(item, names.slice(0, -1))
  if (!isMap(parent)) throw invalid('the parent of a path of an update is not a map')
  return parent
}

function valueOf(value: Term | Sum, scope: Scope, base: Item): Value {
  if (!('operator' in value)) return termOf(value, scope, base)
  const left = termOf(value.left, scope, base)
  const right = termOf(value.right, scope, base)
  if (typeof left !== 'number' || typeof right !== 'number') {
    throw invalid('an operand of + or - is not a number')
  }
  return value.operator === '+' ? left + right : left - right
}

function termOf(term: Term, scope: Scope, base: Item): Value {
  if ('value' in term) return scope.values[term.value]!
  if ('ifMissing' in term) {
    const value = readPath(base, resolvePath(term.ifMissing, scope))
    return value === undefined ? termOf(term.fallback, scope, base) : value
  }
  if ('first' in term) {
    const first = termOf(term.first, scope, base)
    const second = termOf(term.second, scope, base)
    if (!Array.isArray(first) || !Array.isArray(second)) {
      throw invalid('an operand of list_append is not a list')
    }
    return [...first, ...second]
  }
  const value = readPath(base, resolvePath(term.path, scope))
  if (value === undefined) throw invalid('an update refers to an attribute that does not exist')
  return value
}
