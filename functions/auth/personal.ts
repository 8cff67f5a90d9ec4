// What is kept of an account: how it is opened, and its sessions. Passwords, secrets and their hashes do not come out.
import { clear } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { readAccountRows } from './account-rows.ts'
import { removeEmailOwner } from './email-store.ts'
import { removeIdentityOwner } from './identity-store.ts'
import { accountKey, removeLogin } from './store.ts'

export const personal: Personal = {
  rows: [
    { table: 'core', partition: 'LOGIN#*', actions: ['DeleteItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'Query', 'DeleteItem'] },
    { table: 'core', partition: 'EMAIL#*', actions: ['DeleteItem'] },
    { table: 'core', partition: 'IDENTITY#*', actions: ['DeleteItem'] },
    { table: 'core', partition: 'ERASURES', actions: ['Query', 'PutItem', 'DeleteItem'] },
  ],
  stays: [
    {
      table: 'core',
      partition: 'SPENT#*',
      why: 'The hash of a ticket, which names nobody. It goes after an hour.',
    },
  ],
  async *export({ store }, { accountId }) {
    const { account, sessions, email, factor, identities } = await readAccountRows(store, accountId)
    if (account === undefined) return
    const { createdAt, guest, loginName, role, ban, eraseAt } = account
    const banned = ban && { until: ban.until }
    const secondFactorSince = factor?.confirmedAt
    const entry = { accountId, createdAt, guest, loginName, role, ban: banned, eraseAt }
    yield { section: 'account', entry: { ...entry, secondFactorSince } }
    const { address, pending } = email ?? {}
    if (email !== undefined) yield { section: 'email', entry: { address, pending } }
    for (const { provider, subject, linkedAt } of identities) {
      yield { section: 'identities', entry: { provider, subject, linkedAt } }
    }
    for (const { createdAt: openedAt, rotatedAt, agent } of sessions) {
      yield { section: 'sessions', entry: { createdAt: openedAt, rotatedAt, agent } }
    }
  },
  // What leads to the account first: it is found by the account.
  async erase({ store }, { accountId }) {
    const { account, email, identities } = await readAccountRows(store, accountId)
    const loginName = account?.loginName
    if (loginName !== undefined) await removeLogin(store, loginName, accountId)
    if (email?.address !== undefined) await removeEmailOwner(store, accountId, email.address)
    for (const identity of identities) await removeIdentityOwner(store, accountId, identity)
    await clear(store, { table: 'core', pk: accountKey(accountId).pk })
  },
}
