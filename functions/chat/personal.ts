// What chat keeps of a player: his whispers, and when he spoke last. All of it expires by itself.
import { live } from '#shared/store/store.ts'
import { clear, rowsIn } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { parseLine, readSpeaker, speakerPartition, whispersOf } from './store.ts'

export const personal: Personal = {
  rows: [
    { table: 'volatile', partition: 'R#{realm}#CHAT#*', actions: ['Query', 'DeleteItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#SPEAKER#*',
      actions: ['GetItem', 'Query', 'DeleteItem'],
    },
  ],
  stays: [
    {
      table: 'volatile',
      partition: 'R#{realm}#CHAT#*',
      why: 'What he said to others is theirs to read, with his name. It goes a week after it was said at the latest.',
    },
  ],
  async *export({ store, runtime }, { players }) {
    for (const player of players) {
      const { realmId } = player
      for await (const item of rowsIn(store, { table: 'volatile', pk: whispersOf(player) })) {
        if (live(item, runtime.now()) === undefined) continue
        const { at, from, to, text } = parseLine(item)
        yield {
          section: 'whispers',
          entry: {
            realmId,
            at,
            from: from.name,
            text,
            ...(to === undefined ? {} : { to: to.name }),
          },
        }
      }
      const speaker = await readSpeaker(store, player)
      if (speaker !== undefined) yield { section: 'speaking', entry: { realmId, at: speaker.at } }
    }
  },
  async erase({ store }, { players }) {
    for (const player of players) {
      await clear(store, { table: 'volatile', pk: whispersOf(player) })
      await clear(store, { table: 'volatile', pk: speakerPartition(player) })
    }
  },
}
