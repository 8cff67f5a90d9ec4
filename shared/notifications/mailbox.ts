// A player's mailbox: what he must not miss, as rows in `volatile`. A row is written in the transaction of what
// it tells of. A push is a hint that a row is there; it may be lost, the row may not.
//   R#<realm>#BOX#<account>  N#<ms>#<id>  one notification, kept for `notificationKeptMs`
//
// Rows are ordered by the moment at which the writer began. Writers have different clocks, and a transaction may
// take seconds: a row may come to lie before one that was read already. So a cursor never goes past the latest
// `mailboxSettlesMs`: what is younger comes again with the next read, and readers skip the ids that they have.
import * as z from 'zod'
import { mailboxSettlesMs, notificationKeptMs } from '../limits.ts'
import { newId } from '../runtime.ts'
import type { Runtime } from '../runtime.ts'
import { readRow } from '../store/row.ts'
import { expiresAt, live } from '../store/store.ts'
import type { Key, Store, Write } from '../store/store.ts'
import { notification } from './notification.ts'
import type { News, Notification } from './notification.ts'

/** A player: an account in a realm. */
export type Player = { realmId: string; accountId: string }

/** Where a row stands in its mailbox. */
export type Place = { at: number; id: string }

export const mailboxPartition = ({ realmId, accountId }: Player) => `R#${realmId}#BOX#${accountId}`

/** Whose mailbox a row is in; undefined for a row of another kind. */
export function ownerOfMailbox({ pk }: Key): Player | undefined {
  const [, realmId, accountId] = /^R#([^#]+)#BOX#(.+)$/.exec(pk) ?? []
  return realmId === undefined || accountId === undefined ? undefined : { realmId, accountId }
}

/** Numbers of one width are in order as texts too. */
const skOf = ({ at, id }: Place) => `N#${String(at).padStart(15, '0')}#${id}`

/** Tells a player something, as one write of the transaction that makes it so. */
export function notify(
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  to: Player,
  news: News,
): Write {
  const [notificationId, at] = [newId(runtime), runtime.now()]
  const key: Key = { pk: mailboxPartition(to), sk: skOf({ at, id: notificationId }) }
  const expires = expiresAt(at + notificationKeptMs)
  return {
    put: { table: 'volatile', item: { ...key, v: 1, notificationId, at, ...news, expires } },
  }
}

/**
 * What came after a place, oldest first; from the oldest that is kept when there is none. `next`: where the
 * next page begins, if there is one now. `since`: where to read from another time; absent when nothing here has
 * settled, then what was known before still holds. One trip.
 */
export async function readMailbox(
  store: Store,
  player: Player,
  { after, limit, now }: { after: Place | undefined; limit: number; now: number },
): Promise<{ entries: Notification[]; next?: Place; since?: Place }> {
  const pk = mailboxPartition(player)
  const page = await store.query({
    table: 'volatile',
    keyCondition: 'pk = :pk',
    values: { ':pk': pk },
    limit,
    consistent: true,
    ...(after === undefined ? {} : { after: { pk, sk: skOf(after) } }),
  })
  const entries = page.items
    .filter((item) => live(item, now) !== undefined)
    .map((item) => readRow(notification, item))
  const settled = entries.findLast(({ at }) => at <= now - mailboxSettlesMs)
  const last = page.items.at(-1)
  return {
    entries,
    ...(page.next === undefined || last === undefined
      ? {}
      : { next: placeOf(readRow(place, last)) }),
    ...(settled === undefined ? {} : { since: placeOf(settled) }),
  }
}

const place = z.object({ at: z.int(), notificationId: z.string() })

function placeOf({ at, notificationId }: z.infer<typeof place>): Place {
  return { at, id: notificationId }
}
