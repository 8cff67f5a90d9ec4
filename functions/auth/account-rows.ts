// All rows of an account, in one trip.
import type { Store } from '#shared/store/store.ts'
import { emailSk, parseEmail } from './email-store.ts'
import type { EmailRow } from './email-store.ts'
import { factorSk, parseFactor } from './factor-store.ts'
import type { FactorRow } from './factor-store.ts'
import { identityPrefix, parseIdentity } from './identity-store.ts'
import type { IdentityRow } from './identity-store.ts'
import { accountKey, parseAccount, parseFamily, sessionPrefix } from './store.ts'
import type { AccountRow, FamilyRow } from './store.ts'

export type StoredSession = FamilyRow & { familyId: string }

export type AccountRows = {
  account: AccountRow | undefined
  sessions: StoredSession[]
  email: EmailRow | undefined
  factor: FactorRow | undefined
  identities: IdentityRow[]
}

/** Read strongly. The bounds on sessions and identities keep them on one page. */
export async function readAccountRows(store: Store, accountId: string): Promise<AccountRows> {
  const { pk } = accountKey(accountId)
  const page = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': pk },
    consistent: true,
  })
  const rows: AccountRows = {
    account: undefined,
    sessions: [],
    email: undefined,
    factor: undefined,
    identities: [],
  }
  for (const item of page.items) {
    if (item.sk === 'ACCOUNT') rows.account = parseAccount(item)
    else if (item.sk === emailSk) rows.email = parseEmail(item)
    else if (item.sk === factorSk) rows.factor = parseFactor(item)
    else if (item.sk.startsWith(identityPrefix)) rows.identities.push(parseIdentity(item))
    else if (item.sk.startsWith(sessionPrefix)) {
      rows.sessions.push({ familyId: item.sk.slice(sessionPrefix.length), ...parseFamily(item) })
    }
  }
  return rows
}
