// A queue that an operator has closed for a time.
//   R#<realm>#MATCHER#<queue>   CLOSED   until when, and what players are told   volatile
//
// Who queues reads it, and who matches the queue with each beat. So a ticket that is taken while the queue is being closed
// is given up a second later. It opens by itself: the row expires, and its time counts before that.
import * as z from 'zod'
import type { ClosedQueue } from '#shared/api/admin/queues.ts'
import { Problem } from '#shared/problem.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt } from '#shared/store/store.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'

const closedRow = z.object({ text: z.string(), until: z.int() })

const closedKey = (realmId: string, queue: string): Key => ({
  pk: `R#${realmId}#MATCHER#${queue}`,
  sk: 'CLOSED',
})

/** Undefined while it is open. One trip. */
export async function readClosed(
  store: Store,
  now: number,
  realmId: string,
  queue: string,
): Promise<ClosedQueue | undefined> {
  const key = closedKey(realmId, queue)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  const closed = readRow(closedRow, row)
  return closed === undefined || closed.until <= now ? undefined : closed
}

/** Throws queue.closed, with what players are told. One trip. */
export async function refuseClosed(
  store: Store,
  now: number,
  realmId: string,
  queue: string,
): Promise<void> {
  const closed = await readClosed(store, now, realmId, queue)
  if (closed === undefined) return
  const retryAfterS = Math.ceil((closed.until - now) / 1000)
  throw new Problem('queue.closed', { retryAfterS, detail: closed.text })
}

export function closeWrite(realmId: string, queue: string, { text, until }: ClosedQueue): Write {
  const item = { ...closedKey(realmId, queue), v: 1, text, until, expires: expiresAt(until) }
  return { put: { table: 'volatile', item } }
}

/** Fails when it is open. */
export function openWrite(realmId: string, queue: string, now: number): Write {
  return {
    delete: {
      table: 'volatile',
      key: closedKey(realmId, queue),
      condition: '#until > :now',
      names: { '#until': 'until' },
      values: { ':now': now },
    },
  }
}
