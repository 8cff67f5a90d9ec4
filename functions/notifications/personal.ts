// What a player was told of and has not outlived its 30 days.
import { mailboxPartition, readMailbox } from '#shared/notifications/mailbox.ts'
import type { Place } from '#shared/notifications/mailbox.ts'
import { clear } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'

const pageMax = 100

export const personal: Personal = {
  rows: [{ table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['Query', 'DeleteItem'] }],
  stays: [
    {
      table: 'volatile',
      partition: 'R#{realm}#BOX#*',
      why: 'What others were told of him is theirs, and goes after 30 days.',
    },
  ],
  async *export({ store, runtime }, { players }) {
    for (const { realmId, accountId } of players) {
      let after: Place | undefined
      do {
        const page = { after, limit: pageMax, now: runtime.now() }
        const { entries, next } = await readMailbox(store, { realmId, accountId }, page)
        for (const entry of entries)
          yield { section: 'notifications', entry: { realmId, ...entry } }
        after = next
      } while (after !== undefined)
    }
  },
  async erase({ store }, { players }) {
    for (const player of players) {
      await clear(store, { table: 'volatile', pk: mailboxPartition(player) })
    }
  },
}
