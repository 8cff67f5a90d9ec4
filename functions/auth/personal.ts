// What is kept of an account: how it is opened, and its sessions. Passwords, secrets and their hashes do not come out.
import { clear } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { accountKey, readAccount, readSessions, removeLogin } from './store.ts'

export const personal: Personal = {
  rows: [
    { table: 'core', partition: 'LOGIN#*', actions: ['DeleteItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'Query', 'DeleteItem'] },
    { table: 'core', partition: 'ERASURES', actions: ['Query', 'PutItem', 'DeleteItem'] },
  ],
  async *export({ store }, { accountId }) {
    const account = await readAccount(store, accountId)
    if (account === undefined) return
    const { createdAt, guest, loginName, role, ban, eraseAt } = account
    const banned = ban && { until: ban.until }
    const entry = { accountId, createdAt, guest, loginName, role, ban: banned, eraseAt }
    yield { section: 'account', entry }
    for (const session of await readSessions(store, accountId)) {
      yield { section: 'sessions', entry: session }
    }
  },
  // The name first: it is found by the account.
  async erase({ store }, { accountId }) {
    const loginName = (await readAccount(store, accountId))?.loginName
    if (loginName !== undefined) await removeLogin(store, loginName, accountId)
    await clear(store, { table: 'core', pk: accountKey(accountId).pk })
  },
}
