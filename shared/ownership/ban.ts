// A ban stands on the row of the account, which `enter` reads, and as a copy in each realm, which a
// host reads after its claim.
//
// Why a ban misses no character: the copy is written before the guards are read. A claim before that read
// shows in it, as `active`. A claim after it reads the copy. The copy carries the number of its change, and
// only a copy with a higher number replaces it. So of a ban and its lifting the later one stands in every
// realm, in any order of arrival.
import * as z from 'zod'
import { readRow } from '../store/row.ts'
import { StoreError } from '../store/store.ts'
import type { Key, Store } from '../store/store.ts'

/** The `until` of a ban without an end: 9999-12-31T23:59:59Z, Unix ms. */
export const forGood = 253_402_300_799_000

export type Ban = {
  /** Unix ms. */
  until: number
  reason?: string | undefined
  /** The decision of a report that has given it. A ban by hand has none. */
  sanctionId?: string | undefined
  /** Bans by other decisions that hold as well, and end no later. */
  beside?: Decided[] | undefined
}

type Decided = Omit<Ban, 'beside'>

const copyRow = z.object({ bannedUntil: z.number() })

/** The row of a realm's copy. */
export function banKey(realmId: string, accountId: string): Key {
  return { pk: `R#${realmId}#A#${accountId}`, sk: 'BAN' }
}

/** Writes a realm's copy unless a later change is there already. `until` 0: no ban. One trip. */
export async function copyBan(
  store: Store,
  realmId: string,
  accountId: string,
  ban: { until: number; version: number },
): Promise<void> {
  try {
    await store.put({
      table: 'core',
      item: {
        ...banKey(realmId, accountId),
        v: 1,
        bannedUntil: ban.until,
        banVersion: ban.version,
      },
      condition: 'attribute_not_exists(pk) OR banVersion < :version',
      values: { ':version': ban.version },
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}

/**
 * Whether the realm's copy bans the account now. Read strongly; one trip. Throws RowError for a copy that this
 * version cannot read: it may be a ban, so the account does not come in.
 */
export async function isBanned(
  store: Store,
  realmId: string,
  accountId: string,
  now: number,
): Promise<boolean> {
  const key = banKey(realmId, accountId)
  const row = await store.get({ table: 'core', key, consistent: true })
  return (readRow(copyRow, row)?.bannedUntil ?? 0) > now
}
