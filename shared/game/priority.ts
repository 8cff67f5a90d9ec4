// Priority in the login queue: a row that a game writes for an account, among its own rows.
//   R#<realm>#GAME#PRIORITY#<account>   PRIORITY   core
import { expiresAt, live } from '../store/store.ts'
import type { Key, Store, Write } from '../store/store.ts'
import { gameKey } from './game.ts'

function priorityKey(realmId: string, accountId: string): Key {
  return { pk: gameKey(realmId, `PRIORITY#${accountId}`), sk: 'PRIORITY' }
}

/** Gives an account priority in the login queue of a realm until then, Unix ms; 0 takes it away. */
export function priorityWrite(realmId: string, accountId: string, until: number): Write {
  const key = priorityKey(realmId, accountId)
  return { put: { table: 'core', item: { ...key, v: 1, expires: expiresAt(until) } } }
}

/** One trip. */
export async function hasPriority(
  store: Store,
  realmId: string,
  accountId: string,
  now: number,
): Promise<boolean> {
  const row = await store.get({ table: 'core', key: priorityKey(realmId, accountId) })
  return live(row, now) !== undefined
}
