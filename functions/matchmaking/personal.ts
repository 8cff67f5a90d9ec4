// What queues keep of a player: which one he is in, and with whom; and his ratings.
import { newId } from '#shared/runtime.ts'
import { skillOf } from '#shared/results/rating.ts'
import { ratingOf, ratingsPartition, readRatings } from '#shared/results/rows.ts'
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
    { table: 'core', partition: 'R#{realm}#RATINGS-OF#*', actions: ['Query'] },
    {
      table: 'core',
      partition: 'R#{realm}#RATINGS-OF#*',
      actions: ['DeleteItem'],
      unused:
        'Who is erased there has played no match; test/gameserver/results.test.ts has one who did.',
    },
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
    {
      table: 'core',
      partition: 'R#{realm}#RESULT#*',
      why: 'A result names the ids of who has played, for 90 days.',
    },
    { table: 'volatile', partition: 'R#{realm}#MATCHER#*', why: 'It names a process.' },
  ],
  async *export({ store, runtime }, { players }) {
    for (const { realmId, accountId } of players) {
      const queued = await readQueued(store, runtime.now(), realmId, accountId)
      if (queued !== undefined) yield { section: 'queue', entry: { realmId, queue: queued.queue } }
      for (const row of await readRatings(store, realmId, accountId)) {
        const { rating, characterId, matches } = row
        const entry = { realmId, rating, characterId, matches, points: skillOf(ratingOf(row)) }
        yield { section: 'ratings', entry }
      }
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
      await clear(store, { table: 'core', pk: ratingsPartition(realmId, accountId) })
    }
  },
}
