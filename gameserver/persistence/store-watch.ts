// Watches every request that a host sends to its store. Here, in one place, failures are counted and
// logged: a permanent refusal once for each row, passing failures at the first and then each minute.
// Callers decide what a failure means for them (`failed`) and log nothing.
import { RowError } from '#shared/store/row.ts'
import { StoreError, failureOf } from '#shared/store/store.ts'
import type { Bindings, Key, Store, TableName, Write } from '#shared/store/store.ts'
import { sizeOfItem } from '#shared/store/value.ts'
import type { Log } from '#shared/telemetry/log.ts'

export type StoreStats = {
  /** Permanent refusals. */
  refused: number
  /** Requests that were not answered, or throttled. */
  unavailable: number
  /** Requests that met another transaction. */
  conflicts: number
}

/** While passing failures go on they are logged this often, ms. */
const logAgainMs = 60_000
/** Rows whose permanent refusal was logged; beyond that the oldest is forgotten. */
const rowsKept = 1000

/**
 * The meaning of a failure for its caller. A row that cannot be read is like a permanent refusal. Throws errors
 * of other origin, and the outcome of a condition.
 */
export function failed(error: unknown): 'refused' | 'unavailable' {
  if (error instanceof RowError) return 'refused'
  if (!(error instanceof StoreError)) throw error
  const failure = failureOf(error)
  if (failure === 'condition') throw error
  return failure === 'permanent' ? 'refused' : 'unavailable'
}

type Row = { table: TableName; key: Key; bytes: number }

/** `monotonic`: ms. */
export function watchStore(
  store: Store,
  monotonic: () => number,
  log: Log,
): { store: Store; stats(): StoreStats } {
  const failures = createFailures(monotonic, log)

  async function watch<T>(
    operation: string,
    rows: () => Row[],
    request: () => Promise<T>,
  ): Promise<T> {
    try {
      return await request()
    } catch (error) {
      if (error instanceof StoreError) {
        const failure = failureOf(error)
        if (failure !== 'condition') failures[failure](operation, rows(), error)
      }
      throw error
    }
  }

  return {
    stats: () => ({ ...failures.stats }),
    store: {
      get: (request) =>
        watch(
          'get',
          () => [{ ...request, bytes: 0 }],
          () => store.get(request),
        ),
      query: (request) => {
        const pk = request.values?.[':pk']
        const key = { pk: typeof pk === 'string' ? pk : '', sk: '' }
        const rows = () => [{ table: request.table, key, bytes: 0 }]
        return watch('query', rows, () => store.query(request))
      },
      put: (put) =>
        watch(
          'put',
          () => [rowOf({ put })],
          () => store.put(put),
        ),
      update: (update) =>
        watch(
          'update',
          () => [rowOf({ update })],
          () => store.update(update),
        ),
      delete: (removal) =>
        watch(
          'delete',
          () => [rowOf({ delete: removal })],
          () => store.delete(removal),
        ),
      transact: (writes) =>
        watch(
          'transact',
          () => writes.map(rowOf),
          () => store.transact(writes),
        ),
    },
  }
}

function createFailures(monotonic: () => number, log: Log) {
  const stats: StoreStats = { refused: 0, unavailable: 0, conflicts: 0 }
  const logged = new Set<string>()
  let loggedAt = Number.NEGATIVE_INFINITY
  let unlogged = 0

  function permanent(operation: string, rows: Row[], error: StoreError): void {
    stats.refused++
    const at = error.reasons.indexOf('invalid')
    const { table, key, bytes } = rows[Math.max(0, at)]!
    const name = `${operation} ${table} ${key.pk} ${key.sk}`
    if (logged.has(name)) return
    logged.add(name)
    for (const oldest of logged) {
      if (logged.size <= rowsKept) break
      logged.delete(oldest)
    }
    const { refusal, message } = error
    const where = { operation, table, ...key, bytes }
    log.error('the store refuses a request for good', { ...where, refusal, cause: message })
  }

  function passing(operation: string, rows: Row[], error: StoreError): void {
    if (error.kind === 'conflict' || error.reasons.includes('conflict')) {
      stats.conflicts++
      return
    }
    stats.unavailable++
    unlogged++
    const now = monotonic()
    if (now - loggedAt < logAgainMs) return
    loggedAt = now
    const { table, key } = rows[0]!
    const where = { operation, table, ...key, requests: unlogged }
    log.warn('the store does not answer', { ...where, kind: error.kind, cause: error.message })
    unlogged = 0
  }

  return { stats, permanent, passing }
}

/** The row of a write, and the bytes that the write brings. */
function rowOf(write: Write): Row {
  if ('put' in write) {
    const { table, item } = write.put
    return { table, key: { pk: item.pk, sk: item.sk }, bytes: sizeOfItem(item) }
  }
  const of = 'update' in write ? write.update : 'delete' in write ? write.delete : write.check
  return { table: of.table, key: of.key, bytes: valueBytes(of) }
}

function valueBytes({ values }: Bindings): number {
  return values === undefined ? 0 : sizeOfItem(values)
}
