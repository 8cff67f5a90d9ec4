// A store in memory that evaluates the expressions which are sent to DynamoDB. For tests and the
// seeded simulation. Every request takes effect in one step of the event loop, so it is serialisable.
// `faults` injects the faults of a network.
import type { Runtime } from '../runtime.ts'
import type { Faults, StoreRequest } from './faults.ts'
import { allRows, emptyTables, read, readPage, sweep, transact, write } from './memory-tables.ts'
import { checkQuery, checkTransaction, checkWrite, copyKey } from './request.ts'
import type { CancelReason, Item, Store, TableName, Write } from './store.ts'
import { StoreError } from './store.ts'

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

export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const tables = emptyTables()
  const { send, settled } = createNetwork(options)

  function sendWrite(
    operation: 'put' | 'update' | 'delete',
    request: Write,
  ): Promise<Item | undefined> {
    const checked = checkWrite(request)
    const rows = [{ table: checked.table, key: checked.key }]
    return send({ operation, rows }, () => write(tables, checked))
  }

  return {
    async get({ table, key }) {
      const checked = copyKey(key)
      const rows = [{ table, key: checked }]
      return await send({ operation: 'get', rows }, () => read(tables, table, checked))
    },
    async query(query) {
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
    rows: (table, pk) => allRows(tables, table, pk),
    settled,
  }
}

/** What lies between a caller and the tables. */
function createNetwork(options: MemoryStoreOptions) {
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

  return {
    send,
    async settled(): Promise<void> {
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
