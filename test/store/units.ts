// Counts what DynamoDB would bill: read units of 4 KB, half for reads that need not be strong; write units of
// 1 KB, by the larger of the row before and after; twice in a transaction. A refused write is billed too.
import type { Get, Item, Key, Query, Store, TableName, Write } from '#shared/store/store.ts'
import { sizeOfItem } from '#shared/store/value.ts'

export type Units = { read: number; write: number }

/** A store that forwards all requests and adds up their units. It reads around each request. */
export function countUnits(inner: Store): { store: Store; units: Units; reset(): void } {
  const units: Units = { read: 0, write: 0 }
  const reads = (bytes: number, consistent = false) =>
    Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5)
  const sizeAt = async (table: TableName, key: Key) => {
    const item = await inner.get({ table, key, consistent: true })
    return item === undefined ? 0 : sizeOfItem(item)
  }

  /** Sends a write and bills its rows, whether it happens or not. */
  async function bill<T>(writes: Write[], times: number, send: () => Promise<T>): Promise<T> {
    const rows = writes.map(rowOf)
    const before = await Promise.all(rows.map(({ table, key }) => sizeAt(table, key)))
    try {
      return await send()
    } finally {
      const after = await Promise.all(rows.map(({ table, key }) => sizeAt(table, key)))
      for (const i of rows.keys()) {
        units.write += times * Math.max(1, Math.ceil(Math.max(before[i]!, after[i]!) / 1024))
      }
    }
  }

  return {
    units,
    reset() {
      units.read = 0
      units.write = 0
    },
    store: {
      async get(get: Get) {
        const item = await inner.get(get)
        units.read += reads(item === undefined ? 0 : sizeOfItem(item), get.consistent)
        return item
      },
      async query(query: Query) {
        const { filter } = query
        // A filter hides rows from the answer, not from the bill. What it speaks of must be spoken of here too.
        const whole = {
          ...query,
          filter: `attribute_exists(v) OR attribute_not_exists(v) OR (${filter})`,
        }
        const billed = filter === undefined ? undefined : await inner.query(whole)
        const page = await inner.query(query)
        const bytes = (billed ?? page).items.reduce((sum, item: Item) => sum + sizeOfItem(item), 0)
        units.read += reads(bytes, query.consistent)
        return page
      },
      put: async (put) => await bill([{ put }], 1, async () => await inner.put(put)),
      update: async (update) => await bill([{ update }], 1, async () => await inner.update(update)),
      delete: async (request) =>
        await bill([{ delete: request }], 1, async () => await inner.delete(request)),
      transact: async (writes) => await bill(writes, 2, async () => await inner.transact(writes)),
    },
  }
}

function rowOf(write: Write): { table: TableName; key: Key } {
  if ('put' in write) {
    const { pk, sk } = write.put.item
    return { table: write.put.table, key: { pk, sk } }
  }
  if ('update' in write) return write.update
  return 'delete' in write ? write.delete : write.check
}
