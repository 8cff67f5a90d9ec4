// A store in memory that evaluates the expressions which are sent to DynamoDB. For tests and the
// seeded simulation. Every request takes effect in one step of the event loop, so it is serialisable.
// `faults` injects the faults of a network.
import type { Runtime } from '../runtime.ts'
import { meets } from './condition.ts'
import type { Faults, StoreRequest } from './faults.ts'
import { checkQuery, checkTransaction, checkWrite, copyKey } from './request.ts'
import type { CheckedQuery, CheckedWrite } from './request.ts'
import type {
  CancelReason,
  Get,
  Item,
  Key,
  Page,
  PermanentRefusal,
  Query,
  Store,
  TableName,
  Write,
} from './store.ts'
import { StoreError, live } from './store.ts'
import { applyUpdate } from './update.ts'
import { compareUtf8, copyItem, sizeOfItem } from './value.ts'

/** A page of a query ends with the row that passes this many bytes. DynamoDB's own bound. */
const pageMaxBytes = 1024 * 1024

export type MemoryStoreOptions = {
  /** Needed by the faults that take time. */
  runtime?: Pick<Runtime, 'now' | 'sleep'>
  faults?: Faults
  /** How long a caller waits for an answer that was lost. Default 0: he learns it at once. */
  answerTimeoutMs?: number
  /** Called once a request, before it takes effect. */
  onRequest?: (request: StoreRequest) => void
  /** Called after each write that took effect, before anything else happens. */
  onApplied?: (request: StoreRequest) => void
}

export type MemoryStore = Store & {
  /** Deletes rows whose `expires` has passed and returns how many: DynamoDB's TTL, on demand. */
  sweep(now: number): number
  /** Every row of a table, or of one partition of it, ordered by key: for assertions. */
  rows(table: TableName, pk?: string): Item[]
  /** Resolves when all writes that apply late have been applied. */
  settled(): Promise<void>
}

/** The rows of one partition key; `order` is dropped when a key comes or goes. */
type Partition = { rows: Map<string, Item>; order: string[] | undefined }
type Table = Map<string, Partition>

export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const tables: Record<TableName, Table> = {
    core: new Map(),
    ledger: new Map(),
    volatile: new Map(),
  }
  const late = new Set<Promise<void>>()

  /** Plays the faults around one request. `effect` runs in one step. */
  async function send<T>(request: StoreRequest, happen: () => T): Promise<T> {
    options.onRequest?.(request)
    const fault = options.faults?.(request)
    const write = request.operation !== 'get' && request.operation !== 'query'
    const effect = (): T => {
      const answer = happen()
      if (write) options.onApplied?.(request)
      return answer
    }
    switch (fault?.kind) {
      case undefined:
        return effect()
      case 'conflict':
        if (!write) return effect()
        throw conflict(request)
      case 'refuse':
        throw new StoreError('invalid', `refused: ${fault.refusal}`, { refusal: fault.refusal })
      case 'throttle':
        throw new StoreError('throttled', 'the store asks to slow down')
      case 'delay':
        await pause(fault.ms)
        return effect()
      case 'outage':
        throw lost(write)
      case 'loseRequest':
        await pause(options.answerTimeoutMs ?? 0)
        throw lost(write)
      case 'loseAnswer':
        runUnseen(effect)
        await pause(options.answerTimeoutMs ?? 0)
        throw lost(write)
      case 'applyLate': {
        if (write) {
          const applied = pause(fault.ms).then(() => runUnseen(effect))
          late.add(applied)
          void applied.finally(() => late.delete(applied))
        }
        await pause(options.answerTimeoutMs ?? 0)
        throw lost(write)
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    if (ms === 0) return
    if (options.runtime === undefined) throw new Error('a fault that takes time needs a runtime')
    await options.runtime.sleep(ms)
  }

  function sendWrite(
    operation: 'put' | 'update' | 'delete',
    write: Write,
  ): Promise<Item | undefined> {
    const checked = checkWrite(write)
    const request = { operation, rows: [{ table: checked.table, key: checked.key }] }
    return send(request, () => {
      const { item, failed } = judge(tables, checked)
      if (failed === 'condition') throw conditionFailed(tables, checked)
      const after = afterWrite(checked, item)
      replace(tables, checked, after)
      return after === undefined ? undefined : copyItem(after)
    })
  }

  return {
    async get({ table, key }: Get) {
      const checked = copyKey(key)
      return await send({ operation: 'get', rows: [{ table, key: checked }] }, () => {
        const item = find(tables, table, checked)
        return item === undefined ? undefined : copyItem(item)
      })
    },
    async query(query: Query) {
      const checked = checkQuery(query)
      const rows = [{ table: checked.table, key: { pk: checked.pk, sk: '' } }]
      return await send({ operation: 'query', rows }, () => readPage(tables, checked))
    },
    async put(put) {
      await sendWrite('put', { put })
    },
    async update(update) {
      const item = await sendWrite('update', { update })
      return item!
    },
    async delete(request) {
      await sendWrite('delete', { delete: request })
    },
    async transact(writes) {
      const checked = checkTransaction(writes)
      const rows = checked.map(({ table, key }) => ({ table, key }))
      await send({ operation: 'transact', rows }, () => transact(tables, checked))
    },
    sweep: (now) => sweep(tables, now),
    rows(table, only) {
      const found: Item[] = []
      for (const pk of only === undefined ? [...tables[table].keys()].sort(compareUtf8) : [only]) {
        const partition = tables[table].get(pk)
        if (partition === undefined) continue
        for (const sk of ordered(partition)) found.push(copyItem(partition.rows.get(sk)!))
      }
      return found
    },
    async settled() {
      while (late.size > 0) await Promise.all(late)
    },
  }
}

function lost(write: boolean): StoreError {
  return new StoreError('unavailable', 'the store does not answer', { unclear: write })
}

function conflict(request: StoreRequest): StoreError {
  const message = 'another transaction holds the row'
  if (request.operation !== 'transact') return new StoreError('conflict', message)
  const reasons = request.rows.map((_, i): CancelReason => (i === 0 ? 'conflict' : 'none'))
  return new StoreError('cancelled', message, { reasons, items: reasons.map(() => undefined) })
}

/** Runs a request without a waiting caller: its refusal is lost, as its answer is. */
function runUnseen(effect: () => unknown): void {
  try {
    effect()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}

function find(tables: Record<TableName, Table>, table: TableName, key: Key): Item | undefined {
  return tables[table].get(key.pk)?.rows.get(key.sk)
}

function judge(tables: Record<TableName, Table>, write: CheckedWrite) {
  const item = find(tables, write.table, write.key)
  const met = write.condition === undefined || meets(write.condition, write.scope, item)
  return { item, failed: met ? undefined : ('condition' as const) }
}

function conditionFailed(tables: Record<TableName, Table>, write: CheckedWrite): StoreError {
  const item = find(tables, write.table, write.key)
  return new StoreError('condition', 'the condition was not met', {
    items: [item === undefined ? undefined : copyItem(item)],
  })
}

/** The row after a write whose condition was met; undefined when there is none. */
function afterWrite(write: CheckedWrite, item: Item | undefined): Item | undefined {
  const { change } = write
  if (change === 'delete') return undefined
  if (change === 'check') return item
  if ('put' in change) return change.put
  return applyUpdate(change.update, write.scope, item ?? write.key)
}

function replace(
  tables: Record<TableName, Table>,
  { table, key }: CheckedWrite,
  item: Item | undefined,
): void {
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

function transact(tables: Record<TableName, Table>, writes: CheckedWrite[]): void {
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

function readPage(tables: Record<TableName, Table>, query: CheckedQuery): Page {
  const partition = tables[query.table].get(query.pk)
  if (partition === undefined) return { items: [] }
  const keys = query.descending ? ordered(partition).toReversed() : ordered(partition)
  const items: Item[] = []
  let read = 0
  let bytes = 0
  for (const sk of keys) {
    if (query.after !== undefined) {
      const order = compareUtf8(sk, query.after.sk)
      if (query.descending ? order >= 0 : order <= 0) continue
    }
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

const sizes = new WeakMap<Item, number>()

/** Of an item as it lies in a table: a write puts another one in its place, so its size is counted once. */
function storedSizeOf(item: Item): number {
  let size = sizes.get(item)
  if (size === undefined) sizes.set(item, (size = sizeOfItem(item)))
  return size
}

function sweep(tables: Record<TableName, Table>, now: number): number {
  let swept = 0
  for (const [name, table] of Object.entries(tables) as [TableName, Table][]) {
    if (name === 'ledger') continue
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
