// Every implementation makes these checks before it sends or evaluates a request. So all of them refuse the
// same requests, and a defect shows in the in-memory store, not first on AWS. Throws StoreError `invalid`.
import type { Condition, Operand } from './condition.ts'
import { checkCondition, parseCondition } from './condition.ts'
import type { Scope } from './expression.ts'
import { resolvePath, scopeOf } from './expression.ts'
import type { Item, Key, Query, TableName, Value, Write } from './store.ts'
import type { UpdatePlan } from './update.ts'
import { checkUpdate, parseUpdate } from './update.ts'
import {
  checkKey,
  checkKeyPart,
  cloneItem,
  cloneValue,
  invalid,
  partitionKeyMaxBytes,
  sizeOfItem,
  sortKeyMaxBytes,
} from './value.ts'

/** DynamoDB's bounds of a transaction. */
const transactionMaxWrites = 100
const transactionMaxBytes = 4 * 1024 * 1024

/** A write that was checked: its data are copies, its expressions parsed. */
export type CheckedWrite = {
  table: TableName
  key: Key
  condition: Condition | undefined
  scope: Scope
  change: { put: Item } | { update: UpdatePlan } | 'delete' | 'check'
}

export function checkWrite(write: Write): CheckedWrite {
  const request =
    'put' in write
      ? write.put
      : 'update' in write
        ? write.update
        : 'delete' in write
          ? write.delete
          : write.check
  const condition = request.condition === undefined ? undefined : parseCondition(request.condition)
  const update = 'update' in write ? parseUpdate(write.update.update) : undefined
  const scope = scopeOf(
    copyBindings(request),
    [condition, update].filter((e) => e !== undefined),
  )
  if (condition !== undefined) checkCondition(condition.ast, scope)
  const common = { table: request.table, condition: condition?.ast, scope }
  if ('put' in write) {
    const item = cloneItem(write.put.item)
    return { ...common, key: { pk: item.pk, sk: item.sk }, change: { put: item } }
  }
  const { key } = 'update' in write ? write.update : 'delete' in write ? write.delete : write.check
  const checked = { ...common, key: copyKey(key) }
  if (update !== undefined) {
    checkUpdate(update.ast, scope)
    return { ...checked, change: { update: update.ast } }
  }
  if ('delete' in write) return { ...checked, change: 'delete' }
  if (condition === undefined) throw invalid('a check without a condition')
  return { ...checked, change: 'check' }
}

export function checkTransaction(writes: Write[]): CheckedWrite[] {
  if (writes.length === 0) throw invalid('a transaction without writes')
  if (writes.length > transactionMaxWrites) {
    throw invalid(`a transaction of more than ${transactionMaxWrites} writes`)
  }
  const checked = writes.map(checkWrite)
  const seen = new Set<string>()
  let bytes = 0
  for (const { table, key, change } of checked) {
    const name = JSON.stringify([table, key.pk, key.sk])
    if (seen.has(name)) throw invalid('a transaction writes one item twice')
    seen.add(name)
    if (typeof change === 'object' && 'put' in change) bytes += sizeOfItem(change.put)
  }
  if (bytes > transactionMaxBytes) throw invalid('a transaction of more than 4 MB', 'tooLarge')
  return checked
}

/** The key alone, checked: callers may pass a whole item. */
export function copyKey(key: Key): Key {
  checkKey(key)
  return { pk: key.pk, sk: key.sk }
}

function copyBindings({ names, values }: { names?: Scope['names']; values?: Scope['values'] }) {
  const copies: { names?: Scope['names']; values?: Scope['values'] } = {}
  if (names !== undefined) copies.names = { ...names }
  if (values !== undefined) {
    copies.values = {}
    for (const [name, value] of Object.entries(values)) copies.values[name] = cloneValue(value)
  }
  return copies
}

/** A query that was checked. `sort` is the condition on the sort key. */
export type CheckedQuery = {
  table: TableName
  pk: string
  sort: Condition | undefined
  filter: Condition | undefined
  scope: Scope
  limit: number
  descending: boolean
  after: Key | undefined
}

export function checkQuery(query: Query): CheckedQuery {
  const keyCondition = parseCondition(query.keyCondition)
  const filter = query.filter === undefined ? undefined : parseCondition(query.filter)
  const scope = scopeOf(
    copyBindings(query),
    [keyCondition, filter].filter((e) => e !== undefined),
  )
  const { pk, sort } = splitKeyCondition(keyCondition.ast, scope)
  if (filter !== undefined) {
    checkCondition(filter.ast, scope)
    refuseKeyAttributes(filter.ast, scope)
  }
  const { limit } = query
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    throw invalid('the limit of a query is not at least 1')
  }
  const after = query.after === undefined ? undefined : copyKey(query.after)
  if (after !== undefined && after.pk !== pk) throw invalid('the page key is of another partition')
  return {
    table: query.table,
    pk,
    sort,
    filter: filter?.ast,
    scope,
    limit: limit ?? Number.MAX_SAFE_INTEGER,
    descending: query.descending ?? false,
    after,
  }
}

/** `pk = :v`, alone or with one condition on sk, in either order. */
function splitKeyCondition(condition: Condition, scope: Scope) {
  const parts = condition.op === 'and' ? [condition.left, condition.right] : [condition]
  let pk: string | undefined
  let sort: Condition | undefined
  for (const part of parts) {
    const { name, operands, maxBytes } = keyPart(part, scope)
    for (const operand of operands) {
      if (!('value' in operand))
        throw invalid('a key is compared with something else than a :value')
      checkKeyPart(scope.values[operand.value], name, maxBytes)
    }
    checkCondition(part, scope)
    if (name === 'pk' && pk === undefined && part.op === 'compare' && part.comparator === '=') {
      pk = valueOfKey(operands[0], scope)
    } else if (name === 'sk' && sort === undefined) sort = part
    else throw invalid('the key condition is not `pk = :v` with at most one condition on sk')
  }
  if (pk === undefined) throw invalid('the key condition names no pk')
  return { pk, sort }
}

function valueOfKey(operand: Operand | undefined, scope: Scope): string {
  const value: Value | undefined =
    operand !== undefined && 'value' in operand ? scope.values[operand.value] : undefined
  if (typeof value !== 'string') throw invalid('pk is not a string')
  return value
}

function keyPart(part: Condition, scope: Scope) {
  const found = keyOperands(part)
  const path = found === undefined ? [] : resolvePath(found.path, scope)
  const name = path[0]
  if (found === undefined || path.length !== 1 || (name !== 'pk' && name !== 'sk')) {
    throw invalid('a key condition compares pk and sk alone')
  }
  const maxBytes = name === 'pk' ? partitionKeyMaxBytes : sortKeyMaxBytes
  return { name, operands: found.operands, maxBytes }
}

function keyOperands(part: Condition) {
  if (part.op === 'compare' && part.comparator !== '<>' && 'path' in part.left) {
    return { path: part.left.path, operands: [part.right] }
  }
  if (part.op === 'between' && 'path' in part.operand) {
    return { path: part.operand.path, operands: [part.low, part.high] }
  }
  return part.op === 'begins_with' ? { path: part.path, operands: [part.operand] } : undefined
}

function refuseKeyAttributes(condition: Condition, scope: Scope): void {
  for (const path of pathsOf(condition)) {
    const [name] = resolvePath(path, scope)
    if (name === 'pk' || name === 'sk') throw invalid('a filter may not name the key')
  }
}

function pathsOf(condition: Condition): (readonly string[])[] {
  switch (condition.op) {
    case 'and':
    case 'or':
      return [...pathsOf(condition.left), ...pathsOf(condition.right)]
    case 'not':
      return pathsOf(condition.inner)
    case 'exists':
    case 'missing':
    case 'type':
      return [condition.path]
    case 'begins_with':
    case 'contains':
      return [condition.path, ...pathsOfOperands([condition.operand])]
    case 'compare':
      return pathsOfOperands([condition.left, condition.right])
    case 'between':
      return pathsOfOperands([condition.operand, condition.low, condition.high])
    case 'in':
      return pathsOfOperands([condition.operand, ...condition.options])
  }
}

function pathsOfOperands(operands: Operand[]): (readonly string[])[] {
  return operands.flatMap((o) => ('path' in o ? [o.path] : 'size' in o ? [o.size] : []))
}
