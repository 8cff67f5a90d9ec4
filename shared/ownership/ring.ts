// The ring of a realm's hosts: a small row a host, in the order of boot ids. Each host watches the leases of
// those that follow it (gameserver/persistence/lease-watch.ts).
//
//   R#<realm>#HOSTS   <boot id>   volatile
//
// Without its row a host has no watchers until it writes the row again, which it does each minute. A row of a
// dead host costs its watchers a read. So any host may delete the row of a host that it saw dead for long.
import { hostRowsKeptMs } from '../limits.ts'
import { expiresAt } from '../store/store.ts'
import type { Key, Store } from '../store/store.ts'

function ringKey(realmId: string, bootId: string): Key {
  return { pk: `R#${realmId}#HOSTS`, sk: bootId }
}

/** Safe to repeat. */
export async function enterRing(
  store: Store,
  now: number,
  realmId: string,
  bootId: string,
): Promise<void> {
  const item = { ...ringKey(realmId, bootId), v: 1, expires: expiresAt(now + hostRowsKeptMs) }
  await store.put({ table: 'volatile', item })
}

export async function leaveRing(store: Store, realmId: string, bootId: string): Promise<void> {
  await store.delete({ table: 'volatile', key: ringKey(realmId, bootId) })
}

/** The boot ids that follow in the ring, at most `limit`. One trip and half a read unit; two at its end. */
export async function nextInRing(
  store: Store,
  realmId: string,
  bootId: string,
  limit: number,
): Promise<string[]> {
  const { pk } = ringKey(realmId, bootId)
  const read = async (keyCondition: string, most: number): Promise<string[]> => {
    const values = { ':pk': pk, ':me': bootId }
    const page = await store.query({ table: 'volatile', keyCondition, values, limit: most })
    return page.items.map(({ sk }) => sk)
  }
  const after = await read('pk = :pk AND sk > :me', limit)
  if (after.length >= limit) return after
  return [...after, ...(await read('pk = :pk AND sk < :me', limit - after.length))]
}
