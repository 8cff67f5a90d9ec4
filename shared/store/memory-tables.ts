// The tables of the store in memory, and what each request does to them. All is done at once.
import { meets } from './condition.ts'
import type { CheckedQuery, CheckedWrite } from './request.ts'
import type { CancelReason, Item, Key, Page, PermanentRefusal, TableName } from './store.ts'
import { StoreError, live } from './store.ts'
import { applyUpdate } from './update.ts'
import { compareUtf8, copyItem, sizeOfItem } from './value.ts'

/** A page of a query ends with the row that passes this many bytes. DynamoDB's own bound. */
const pageMaxBytes = 1024 * 1024

/** The rows of one partition key; `order` is dropped when a key comes or goes. */
type Partition = { rows: Map<string, Item>; order: string[] | undefined }
export type Tables = Record<TableName, Map<string, Partition>>

export function emptyTables(): Tables {
  return { core: new Map(), ledger: new Map(), volatile: new Map() }
}

export function read(tables: Tables, table: TableName, key: Key): Item | undefined {
  const item = find(tables, table, key)
  return item === undefined ? undefined : copyItem(item)
}

/** One write; the row after it. */
export function write(tables: Tables, checked: CheckedWrite): Item | undefined {
  const { item, failed } = judge(tables, checked)
  if (failed === 'condition') {
    throw new StoreError('condition', 'the condition was not met', {
      items: [item === undefined ? undefined : copyItem(item)],
    })
  }
  const after = afterWrite(checked, item)
  replace(tables, checked, after)
  return after === undefined ? undefined : copyItem(after)
}

function find(tables: Tables, table: TableName, key: Key): Item | undefined {
  return tables[table].get(key.pk)?.rows.get(key.sk)
}

function judge(tables: Tables, write: CheckedWrite) {
  const item = find(tables, write.table, write.key)
  const met = write.condition === undefined || meets(write.condition, write.scope, item)
  return { item, failed: met ? undefined : ('condition' as const) }
}

/** The row after a write whose condition was met; undefined when there is none. */
function afterWrite(write: CheckedWrite, item: Item | undefined): Item | undefined {
  const { change } = write
  if (change === 'delete') return undefined
  if (change === 'check') return item
  if ('put' in change) return change.put
  return applyUpdate(change.update, write.scope, item ?? write.key)
}

function replace(tables: Tables, { table, key }: CheckedWrite, item: Item | undefined): void {
  let partition = tables[table].get(key.pk)
  if (partition === undefined) {
    if (item === undefined) return
    partition = { rows: new Map(), order: undefined }
    tables[table].set(key.pk, partition)
  }
  if (item === undefined) {
    if (partition.rows.delete(key.sk)) partition.order = undefined
    if (partition.rows.size === 0) tables[table].delete(key.pk)
  } else {
    if (!partition.rows.has(key.sk)) partition.order = undefined
    partition.rows.set(key.sk, item)
  }
}

export function transact(tables: Tables, writes: CheckedWrite[]): void {
  const reasons: CancelReason[] = []
  const items: (Item | undefined)[] = []
  const after: (Item | undefined)[] = []
  let refusal: PermanentRefusal | undefined
  for (const write of writes) {
    const { item, failed } = judge(tables, write)
    let reason: CancelReason = failed ?? 'none'
    let row: Item | undefined
    if (reason === 'none') {
      try {
        row = afterWrite(write, item)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        reason = 'invalid'
        refusal = error.refusal
      }
    }
    reasons.push(reason)
    items.push(reason === 'condition' && item !== undefined ? copyItem(item) : undefined)
    after.push(row)
  }
  if (reasons.some((reason) => reason !== 'none')) {
    throw new StoreError('cancelled', `the transaction was cancelled: ${reasons.join(', ')}`, {
      reasons,
      items,
      ...(refusal && { refusal }),
    })
  }
  for (const [i, write] of writes.entries()) replace(tables, write, after[i])
}

function ordered(partition: Partition): string[] {
  partition.order ??= [...partition.rows.keys()].sort(compareUtf8)
  return partition.order
}

export function readPage(tables: Tables, query: CheckedQuery): Page {
  const partition = tables[query.table].get(query.pk)
  if (partition === undefined) return { items: [] }
  const keys = query.descending ? ordered(partition).toReversed() : ordered(partition)
  const items: Item[] = []
  let read = 0
  let bytes = 0
  for (let i = startOf(keys, query); i < keys.length; i++) {
    const sk = keys[i]!
    const item = partition.rows.get(sk)!
    if (query.sort !== undefined && !meets(query.sort, query.scope, item)) continue
    if (query.filter === undefined || meets(query.filter, query.scope, item)) {
      items.push(copyItem(item))
    }
    read++
    bytes += storedSizeOf(item)
    // Like DynamoDB, a page that is full says so even if no further row exists.
    if (read >= query.limit || bytes >= pageMaxBytes) return { items, next: { pk: query.pk, sk } }
  }
  return { items }
}

/** Where a page begins: behind the key that it comes after. */
function startOf(keys: string[], { after, descending }: CheckedQuery): number {
  if (after === undefined) return 0
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compareUtf8(keys[middle]!, after.sk)
    if (descending ? order >= 0 : order <= 0) low = middle + 1
    else high = middle
  }
  return low
}

const sizes = new WeakMap<Item, number>()

/** Of an item as it lies in a table: a write puts another one in its place, so its size is counted once. */
function storedSizeOf(item: Item): number {
  let size = sizes.get(item)
  if (size === undefined) sizes.set(item, (size = sizeOfItem(item)))
  return size
}

/** Every row of a table, or of one partition of it, ordered by key. */
export function allRows(tables: Tables, table: TableName, only?: string): Item[] {
  const found: Item[] = []
  for (const pk of only === undefined ? [...tables[table].keys()].sort(compareUtf8) : [only]) {
    const partition = tables[table].get(pk)
    if (partition === undefined) continue
    for (const sk of ordered(partition)) found.push(copyItem(partition.rows.get(sk)!))
  }
  return found
}

/** Deletes rows whose `expires` has passed and returns how many. The ledger keeps all. */
export function sweep(tables: Tables, now: number): number {
  let swept = 0
  for (const table of [tables.core, tables.volatile]) {
    for (const [pk, partition] of table) {
      for (const [sk, item] of partition.rows) {
        if (live(item, now) !== undefined) continue
        partition.rows.delete(sk)
        partition.order = undefined
        swept++
      }
      if (partition.rows.size === 0) table.delete(pk)
    }
  }
  return swept
}
