// Rows of second factors, in `core`.
//   ACCOUNT#<id>        FACTOR   the secret of the authenticator, sealed, and what is left of the recovery codes
//   SPENT#<hash>        SPENT    a ticket of a log-in that was used
import * as z from 'zod'
import { secondFactorTicketMs } from '#shared/limits.ts'
import { readRow } from '#shared/store/row.ts'
import { expiresAt } from '#shared/store/store.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import { absent, accountKey } from './store.ts'

export const factorSk = 'FACTOR'

const factorRow = z.object({
  /** Under a key of the ring (sealed.ts). */
  sealed: z.string(),
  /** The operation that made the secret. */
  operation: z.string(),
  /** When a code switched it on; absent before. */
  confirmedAt: z.int().optional(),
  /** The step of 30 s whose code was taken last. Codes of it and of earlier ones are refused. */
  lastStep: z.int(),
  /** Hashes of the recovery codes that are left, with blanks between them. */
  codes: z.string(),
})

export type FactorRow = z.infer<typeof factorRow>

export function parseFactor(item: Item): FactorRow {
  return readRow(factorRow, item)
}

function factorKey(accountId: string): Key {
  return { ...accountKey(accountId), sk: factorSk }
}

/** A secret that no code has confirmed. Fails with StoreError `condition` when there is one that was confirmed. */
export async function keepUnconfirmed(
  store: Store,
  accountId: string,
  { sealed, operation }: Pick<FactorRow, 'sealed' | 'operation'>,
): Promise<void> {
  await store.put({
    table: 'core',
    item: { ...factorKey(accountId), v: 1, sealed, operation, lastStep: 0, codes: '' },
    condition: 'attribute_not_exists(confirmedAt)',
  })
}

/** Switches it on. Fails when it is on, or has another secret than the one that was read. */
export function confirmUpdate(
  accountId: string,
  { operation }: FactorRow,
  { lastStep, codes, now }: { lastStep: number; codes: string; now: number },
): Write {
  return {
    update: {
      table: 'core',
      key: factorKey(accountId),
      update: 'SET confirmedAt = :now, lastStep = :step, codes = :codes',
      condition: 'operation = :operation AND attribute_not_exists(confirmedAt)',
      values: { ':operation': operation, ':now': now, ':step': lastStep, ':codes': codes },
    },
  }
}

/** What a code that is taken changes. */
export type Taken = { lastStep: number } | { codes: string }

/** A code is taken. Fails when it was taken, or another one meanwhile. */
export function takeUpdate(accountId: string, before: FactorRow, taken: Taken): Write {
  const { condition, values } = unchanged(before)
  return {
    update: {
      table: 'core',
      key: factorKey(accountId),
      update: 'lastStep' in taken ? 'SET lastStep = :after' : 'SET codes = :after',
      condition,
      values: { ...values, ':after': 'lastStep' in taken ? taken.lastStep : taken.codes },
    },
  }
}

/** Fails when a code was taken meanwhile. */
export function removeFactor(accountId: string, before: FactorRow): Write {
  return { delete: { table: 'core', key: factorKey(accountId), ...unchanged(before) } }
}

function unchanged({ operation, lastStep, codes }: FactorRow) {
  return {
    condition: 'operation = :operation AND lastStep = :step AND codes = :codes',
    values: { ':operation': operation, ':step': lastStep, ':codes': codes },
  }
}

/** Fails when the ticket was used. */
export function spendTicket(hash: string, now: number): Write {
  const key: Key = { pk: `SPENT#${hash}`, sk: 'SPENT' }
  // Longer than it is good, by any clock of ours.
  const expires = expiresAt(now + 12 * secondFactorTicketMs)
  return { put: { ...absent, item: { ...key, v: 1, expires } } }
}
