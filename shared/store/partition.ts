// All rows of a partition, a page at a time: for what is read or cleared whole.
import type { Item, Key, Store, TableName } from './store.ts'

/** `begins`: of the sort keys. */
export type Partition = { table: TableName; pk: string; begins?: string }

const pageMax = 100

/** In the order of their keys. Reads strongly. Rows that have expired are among them. One trip for each page. */
export async function* rowsIn(
  store: Store,
  { table, pk, begins = '' }: Partition,
): AsyncGenerator<Item> {
  let after: Key | undefined
  do {
    const page = await store.query({
      table,
      keyCondition: begins === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :begins)',
      values: { ':pk': pk, ...(begins === '' ? {} : { ':begins': begins }) },
      limit: pageMax,
      consistent: true,
      ...(after === undefined ? {} : { after }),
    })
    yield* page.items
    after = page.next
  } while (after !== undefined)
}

/** Deletes them, whatever is in them. Two trips for each hundred rows. Throws StoreError; safe to repeat. */
export async function clear(store: Store, of: Partition): Promise<void> {
  const keys: Key[] = []
  const flush = async () => {
    if (keys.length === 0) return
    await store.transact(keys.splice(0).map((key) => ({ delete: { table: of.table, key } })))
  }
  for await (const { pk, sk } of rowsIn(store, of)) {
    keys.push({ pk, sk })
    if (keys.length === pageMax) await flush()
  }
  await flush()
}
