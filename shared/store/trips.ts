// Counts requests to a store: how many a piece of work sends, and how many wait for one another.
import type { Store, TableName, Write } from './store.ts'

export type Trip = {
  operation: 'get' | 'query' | 'put' | 'update' | 'delete' | 'transact'
  tables: TableName[]
  /** Position among all starts and ends of trips. `end` is Infinity while it is under way. */
  start: number
  end: number
  failed: boolean
}

export type TripCounter = {
  store: Store
  trips: Trip[]
  /** The longest chain of trips of which each began after the one before it had ended. */
  sequential(): number
  /** Forgets all trips so far. */
  reset(): void
}

/** A store that passes everything on and notes it. */
export function countTrips(store: Store): TripCounter {
  const trips: Trip[] = []
  let clock = 0

  async function note<T>(
    operation: Trip['operation'],
    tables: TableName[],
    send: () => Promise<T>,
  ): Promise<T> {
    const trip: Trip = { operation, tables, start: clock++, end: Infinity, failed: false }
    trips.push(trip)
    try {
      return await send()
    } catch (error) {
      trip.failed = true
      throw error
    } finally {
      trip.end = clock++
    }
  }

  return {
    trips,
    sequential: () => longestChain(trips),
    reset() {
      trips.length = 0
    },
    store: {
      get: (request) => note('get', [request.table], () => store.get(request)),
      query: (request) => note('query', [request.table], () => store.query(request)),
      put: (request) => note('put', [request.table], () => store.put(request)),
      update: (request) => note('update', [request.table], () => store.update(request)),
      delete: (request) => note('delete', [request.table], () => store.delete(request)),
      transact: (writes) => note('transact', tablesOf(writes), () => store.transact(writes)),
    },
  }
}

function tablesOf(writes: Write[]): TableName[] {
  const tables = writes.map((write) => {
    if ('put' in write) return write.put.table
    if ('update' in write) return write.update.table
    return 'delete' in write ? write.delete.table : write.check.table
  })
  return [...new Set(tables)]
}

/** Taking whichever ends first next, of those that begin after the last one taken, is optimal. */
function longestChain(trips: Trip[]): number {
  let length = 0
  let lastEnd = -1
  for (const trip of trips.toSorted((a, b) => a.end - b.end)) {
    if (trip.start <= lastEnd) continue
    length++
    lastEnd = trip.end
  }
  return length
}
