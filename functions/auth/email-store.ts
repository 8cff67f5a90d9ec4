// Rows of e-mail addresses, in `core`.
//   ACCOUNT#<id>             EMAIL   the address of an account, one that waits for its link, and a link for a password
//   EMAIL#<lower address>    EMAIL   the account that has verified it
// Secrets of links are hashed: a copy of the store opens nothing.
import * as z from 'zod'
import { readRow } from '#shared/store/row.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import { accountKey, removeOwned } from './store.ts'

export const emailSk = 'EMAIL'

const emailRow = z.object({
  /** Verified. As the player wrote it. */
  address: z.string().optional(),
  pending: z.string().optional(),
  pendingHash: z.string().optional(),
  pendingUntil: z.int().optional(),
  recoveryHash: z.string().optional(),
  recoveryUntil: z.int().optional(),
})
const ownerRow = z.object({ accountId: z.string() })

export type EmailRow = z.infer<typeof emailRow>

export function parseEmail(item: Item): EmailRow {
  return readRow(emailRow, item)
}

function emailKey(accountId: string): Key {
  return { ...accountKey(accountId), sk: emailSk }
}

function ownerKey(address: string): Key {
  return { pk: `EMAIL#${address.toLowerCase()}`, sk: 'EMAIL' }
}

/** The account that has verified the address. Read strongly. One trip. */
export async function readEmailOwner(store: Store, address: string): Promise<string | undefined> {
  const item = await store.get({ table: 'core', key: ownerKey(address), consistent: true })
  return readRow(ownerRow, item)?.accountId
}

/** An address waits for its link, in place of one that waited before. */
export function pendingUpdate(
  accountId: string,
  { address, hash, until }: { address: string; hash: string; until: number },
): Write {
  return {
    update: {
      table: 'core',
      key: emailKey(accountId),
      update: 'SET v = :v, pending = :address, pendingHash = :hash, pendingUntil = :until',
      values: { ':v': 1, ':address': address, ':hash': hash, ':until': until },
    },
  }
}

/** The address that waits is verified. Fails when another waits by now, or its link was used. */
export function verifiedUpdate(accountId: string, address: string, hash: string): Write {
  return {
    update: {
      table: 'core',
      key: emailKey(accountId),
      // A link to the old address sets no password any more.
      update:
        'SET address = :address REMOVE pending, pendingHash, pendingUntil, recoveryHash, recoveryUntil',
      condition: 'pendingHash = :hash',
      values: { ':address': address, ':hash': hash },
    },
  }
}

/** Fails when another account has the address. */
export function ownEmail(accountId: string, address: string): Write {
  return {
    put: {
      table: 'core',
      item: { ...ownerKey(address), v: 1, accountId },
      condition: 'attribute_not_exists(pk) OR accountId = :account',
      values: { ':account': accountId },
    },
  }
}

export function disownEmail(address: string): Write {
  return { delete: { table: 'core', key: ownerKey(address) } }
}

/** A link for a new password waits. Fails when the account has another address by now. */
export async function keepRecovery(
  store: Store,
  accountId: string,
  { address, hash, until }: { address: string; hash: string; until: number },
): Promise<void> {
  await store.update({
    table: 'core',
    key: emailKey(accountId),
    update: 'SET recoveryHash = :hash, recoveryUntil = :until',
    condition: 'address = :address',
    values: { ':address': address, ':hash': hash, ':until': until },
  })
}

/** The link is used. Fails when it was used, or another one took its place. */
export function recoveredUpdate(accountId: string, hash: string): Write {
  return {
    update: {
      table: 'core',
      key: emailKey(accountId),
      update: 'REMOVE recoveryHash, recoveryUntil',
      condition: 'recoveryHash = :hash',
      values: { ':hash': hash },
    },
  }
}

/** Of an account that is erased. */
export async function removeEmailOwner(
  store: Store,
  accountId: string,
  address: string,
): Promise<void> {
  await removeOwned(store, ownerKey(address), accountId)
}
