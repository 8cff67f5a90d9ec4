// Rows of identities, in `core`.
//   ACCOUNT#<id>                    IDENTITY#<provider>   the identity of an account, one a provider
//   IDENTITY#<provider>#<subject>   IDENTITY              its account
import * as z from 'zod'
import { readRow } from '#shared/store/row.ts'
import type { Item, Key, Store, Write } from '#shared/store/store.ts'
import { absent, accountKey, removeOwned } from './store.ts'

export const identityPrefix = 'IDENTITY#'

const identityRow = z.object({
  provider: z.string(),
  /** The player, as the provider knows him. */
  subject: z.string(),
  linkedAt: z.int(),
})
const ownerRow = z.object({ accountId: z.string() })

export type IdentityRow = z.infer<typeof identityRow>

export function parseIdentity(item: Item): IdentityRow {
  return readRow(identityRow, item)
}

type Subject = Pick<IdentityRow, 'provider' | 'subject'>

function ownerKey({ provider, subject }: Subject): Key {
  return { pk: `IDENTITY#${provider}#${subject}`, sk: 'IDENTITY' }
}

function identityKey(accountId: string, provider: string): Key {
  return { ...accountKey(accountId), sk: `${identityPrefix}${provider}` }
}

/** The account of an identity. Read strongly. One trip. */
export async function readIdentityOwner(store: Store, of: Subject): Promise<string | undefined> {
  const item = await store.get({ table: 'core', key: ownerKey(of), consistent: true })
  return readRow(ownerRow, item)?.accountId
}

/** The account gets the identity. The first fails when another account has it, the second when it has one of the provider. */
export function identityWrites(
  accountId: string,
  identity: IdentityRow,
): { owner: Write; own: Write } {
  return {
    owner: { put: { ...absent, item: { ...ownerKey(identity), v: 1, accountId } } },
    own: {
      put: { ...absent, item: { ...identityKey(accountId, identity.provider), v: 1, ...identity } },
    },
  }
}

/** Fails when it is gone. */
export function removeIdentityWrites(accountId: string, identity: IdentityRow): Write[] {
  return [
    {
      delete: {
        table: 'core',
        key: ownerKey(identity),
        condition: 'accountId = :account',
        values: { ':account': accountId },
      },
    },
    {
      delete: {
        table: 'core',
        key: identityKey(accountId, identity.provider),
        condition: 'attribute_exists(pk)',
      },
    },
  ]
}

/** Of an account that is erased. */
export async function removeIdentityOwner(
  store: Store,
  accountId: string,
  of: Subject,
): Promise<void> {
  await removeOwned(store, ownerKey(of), accountId)
}
