// Private instances: each opened for a few characters, its members. Nobody else comes in.
//
//   R#<realm>#PRIVATE#<instance>       INSTANCE   where it is, for whom, and whether it has ended   volatile
//   R#<realm>#PRIVATE-OF#<character>   INSTANCE   the latest that was opened for a character        volatile
//
// The row of an instance is written with the command to its host (inbox.ts), and its members never change. Its card
// (card.ts) is written by the host once it runs, and goes when it ends. So without a card it is not there yet, or no
// more: `ended` says which, or the lease of its host.
import * as z from 'zod'
import { hostRowsKeptMs } from '../limits.ts'
import { readRow } from '../store/row.ts'
import { expiresAt, live, StoreError } from '../store/store.ts'
import type { Key, Store, Value, Write } from '../store/store.ts'

const privateRow = z.object({
  zone: z.string(),
  bootId: z.string(),
  /** Character ids. */
  members: z.array(z.string()),
  /** Where its zone has several. */
  difficulty: z.string().optional(),
  /** Unix ms. */
  openedAt: z.int(),
  ended: z.boolean().default(false),
})

export type PrivateInstance = { instance: string } & z.infer<typeof privateRow>

const latestRow = z.object({ instance: z.string() })

const privateKey = (realmId: string, instance: string): Key => ({
  pk: `R#${realmId}#PRIVATE#${instance}`,
  sk: 'INSTANCE',
})
const latestKey = (realmId: string, characterId: string): Key => ({
  pk: `R#${realmId}#PRIVATE-OF#${characterId}`,
  sk: 'INSTANCE',
})

/** Part of the transaction that opens it: two rows and one a member, whose earlier instance is none of his any more. */
export function privateWrites(
  realmId: string,
  { instance, zone, difficulty, bootId, members, openedAt }: Omit<PrivateInstance, 'ended'>,
): Write[] {
  const more = { v: 1, expires: expiresAt(openedAt + 2 * hostRowsKeptMs) }
  const row: Record<string, Value> = { zone, bootId, members: [...members], openedAt, ...more }
  if (difficulty !== undefined) row['difficulty'] = difficulty
  return [
    { put: { table: 'volatile', item: { ...privateKey(realmId, instance), ...row } } },
    ...members.map((characterId): Write => {
      const item = { ...latestKey(realmId, characterId), instance, ...more }
      return { put: { table: 'volatile', item } }
    }),
  ]
}

/** Undefined for one that was never opened, or ended long ago. One trip, strong. */
export async function readPrivate(
  store: Store,
  now: number,
  realmId: string,
  instance: string,
): Promise<PrivateInstance | undefined> {
  const key = privateKey(realmId, instance)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  const read = readRow(privateRow, live(row, now))
  return read === undefined ? undefined : { instance, ...read }
}

/** The id of the latest instance that was opened for a character. One trip, strong. */
export async function readLatestPrivate(
  store: Store,
  now: number,
  realmId: string,
  characterId: string,
): Promise<string | undefined> {
  const key = latestKey(realmId, characterId)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  return readRow(latestRow, live(row, now))?.instance
}

/** By its host: it has ended. Safe to repeat. */
export async function markEnded(store: Store, realmId: string, instance: string): Promise<void> {
  try {
    await store.update({
      table: 'volatile',
      key: privateKey(realmId, instance),
      update: 'SET ended = :true',
      condition: 'attribute_exists(pk)',
      values: { ':true': true },
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}
