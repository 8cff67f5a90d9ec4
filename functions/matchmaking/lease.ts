// Which process matches a queue. A hint, not a lock: two that match it at once do no harm (keeper.ts).
import { ticketKeptMs } from '#shared/limits.ts'
import { expiresAt, StoreError } from '#shared/store/store.ts'
import type { Key, Store } from '#shared/store/store.ts'
import { readRow } from '#shared/store/row.ts'
import * as z from 'zod'

const leaseKey = (realmId: string, queue: string): Key => ({
  pk: `R#${realmId}#MATCHER#${queue}`,
  sk: 'MATCHER',
})

/** Takes it, or keeps it for so long. False: another process has it. */
export async function holdMatcher(
  store: Store,
  realmId: string,
  queue: string,
  me: string,
  now: number,
  forMs: number,
): Promise<boolean> {
  const item = { ...leaseKey(realmId, queue), v: 1, owner: me, until: now + forMs }
  try {
    await store.put({
      table: 'volatile',
      item: { ...item, expires: expiresAt(now + ticketKeptMs) },
      condition: 'attribute_not_exists(pk) OR #owner = :me OR #until <= :now',
      names: { '#owner': 'owner', '#until': 'until' },
      values: { ':me': me, ':now': now },
    })
    return true
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'condition') return false
    throw error
  }
}

const leaseRow = z.object({ owner: z.string(), until: z.int() })

/** The last process that took it, and until when, Unix ms. One trip. */
export async function readMatcher(
  store: Store,
  realmId: string,
  queue: string,
): Promise<z.infer<typeof leaseRow> | undefined> {
  return readRow(leaseRow, await store.get({ table: 'volatile', key: leaseKey(realmId, queue) }))
}

/** The next one need not wait. */
export async function freeMatcher(
  store: Store,
  realmId: string,
  queue: string,
  me: string,
): Promise<void> {
  try {
    await store.delete({
      table: 'volatile',
      key: leaseKey(realmId, queue),
      condition: '#owner = :me',
      names: { '#owner': 'owner' },
      values: { ':me': me },
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}
