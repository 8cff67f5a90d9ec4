// The rows of allocation requests: which process asks the fleet for a host, and which host it got.
import * as z from 'zod'
import { readRow } from '../store/row.ts'
import { expiresAt, live, StoreError } from '../store/store.ts'
import type { Key, Put, Store } from '../store/store.ts'

/** The rows outlive anything that could still be under way. */
const rowKeptMs = 24 * 60 * 60 * 1000

/** `ask`: the id of the attempt that asks the fleet for this request. `host`: the host that it got. */
const requestRow = z.object({ ask: z.string(), askedAt: z.number(), host: z.string().optional() })

export type AllocationRequest = z.infer<typeof requestRow>

function keyOf(request: string): Key {
  return { pk: `ALLOCATION#${request}`, sk: 'ROW' }
}

/** One trip, strong. */
export async function readRequest(
  store: Store,
  request: string,
  now: number,
): Promise<AllocationRequest | undefined> {
  const item = await store.get({ table: 'volatile', key: keyOf(request), consistent: true })
  return readRow(requestRow, live(item, now))
}

/** Writes the row in place of the row that was read, unless another process has changed it since. */
export async function writeRequest(
  store: Store,
  request: string,
  row: AllocationRequest,
  seen: AllocationRequest | undefined,
  now: number,
): Promise<boolean> {
  const item = { ...keyOf(request), v: 1, ask: row.ask, askedAt: row.askedAt }
  try {
    await store.put({
      table: 'volatile',
      item: {
        ...item,
        ...(row.host === undefined ? {} : { host: row.host }),
        expires: expiresAt(now + rowKeptMs),
      },
      ...conditionOf(seen, now),
    })
    return true
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'condition' || error.kind === 'conflict') return false
    if (!error.unclear) throw error
    // The write may have happened. The row shows it.
    const there = await readRequest(store, request, now)
    return there?.ask === row.ask && there.host === row.host
  }
}

function conditionOf(
  seen: AllocationRequest | undefined,
  now: number,
): Pick<Put, 'condition' | 'values'> {
  if (seen === undefined) {
    // An expired row may still lie there.
    const condition = 'attribute_not_exists(pk) OR expires <= :now'
    return { condition, values: { ':now': Math.floor(now / 1000) } }
  }
  const { ask, host } = seen
  return host === undefined
    ? { condition: 'ask = :ask AND attribute_not_exists(host)', values: { ':ask': ask } }
    : { condition: 'ask = :ask AND host = :host', values: { ':ask': ask, ':host': host } }
}

/** Nothing came of the request. A row that stays only makes the next one wait. */
export async function forgetRequest(store: Store, request: string, ask: string): Promise<void> {
  await store
    .delete({
      table: 'volatile',
      key: keyOf(request),
      condition: 'ask = :ask',
      values: { ':ask': ask },
    })
    .catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
    })
}
