// What queues keep of a player: which one he is in, and with whom.
import { newId } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import { clear } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { noteWrite, queuedPartition, readQueued, ticketWrite } from './store.ts'

export const personal: Personal = {
  rows: [
    {
      table: 'volatile',
      partition: 'R#{realm}#QUEUED#*',
      actions: ['GetItem', 'Query', 'DeleteItem'],
    },
    { table: 'volatile', partition: 'R#{realm}#QUEUE#*', actions: ['UpdateItem', 'PutItem'] },
  ],
  stays: [
    {
      table: 'volatile',
      partition: 'R#{realm}#QUEUE#*',
      why: 'A ticket names its players for an hour after its end.',
    },
    {
      table: 'volatile',
      partition: 'R#{realm}#MATCH#*',
      why: 'A match names its members for an hour after its end.',
    },
    { table: 'volatile', partition: 'R#{realm}#MATCHER#*', why: 'It names a process.' },
  ],
  async *export({ store, runtime }, { players }) {
    for (const { realmId, accountId } of players) {
      const queued = await readQueued(store, runtime.now(), realmId, accountId)
      if (queued !== undefined) yield { section: 'queue', entry: { realmId, queue: queued.queue } }
    }
  },
  async erase({ store, runtime }, { players }) {
    for (const { realmId, accountId } of players) {
      const now = runtime.now()
      const queued = await readQueued(store, now, realmId, accountId)
      if (queued !== undefined) {
        const over = ticketWrite(realmId, queued, { state: 'waits' }, { state: 'cancelled' })
        try {
          await store.transact([over, noteWrite(realmId, queued, { id: newId(runtime), now })])
        } catch (error) {
          // It waits no more.
          if (!(error instanceof StoreError) || !error.reasons.includes('condition')) throw error
        }
      }
      await clear(store, { table: 'volatile', pk: queuedPartition(realmId, accountId) })
    }
  },
}
