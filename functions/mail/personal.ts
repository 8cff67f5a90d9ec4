// What mail keeps of a player: the inboxes of his characters. Letters that he wrote lie in the inboxes of others.
import { clear } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { boxOf, readBox, readText } from './store.ts'

export const personal: Personal = {
  rows: [
    {
      table: 'core',
      partition: 'R#{realm}#MAIL#*',
      actions: ['Query', 'DeleteItem'],
    },
  ],
  stays: [
    {
      table: 'core',
      partition: 'R#{realm}#MAIL#*',
      why: 'Letters that he wrote belong to their receivers. They go 30 days after they came, with his name.',
    },
  ],
  async *export({ store, runtime }, { players }) {
    for (const { realmId, characters } of players) {
      for (const { characterId, name } of characters) {
        const box = boxOf(realmId, characterId)
        const { letters, handled } = await readBox(store, box, runtime.now())
        for (const { letterId, from, subject, at, until, read } of letters) {
          const text = await readText(store, box, letterId, runtime.now())
          const entry = { realmId, to: name, letterId, from, subject, text, at, until, read }
          yield { section: 'letters', entry }
        }
        for (const { letterId, state } of handled) {
          yield { section: 'lettersToAll', entry: { realmId, to: name, letterId, state } }
        }
      }
    }
  },
  async erase({ store }, { players }) {
    for (const { realmId, characters } of players) {
      for (const { characterId } of characters) {
        await clear(store, { table: 'core', pk: boxOf(realmId, characterId) })
      }
    }
  },
}
