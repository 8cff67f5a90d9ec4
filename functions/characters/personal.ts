// What characters keep of a player: his list, their rows in the world, and their names.
import {
  characterPartition,
  parseCharacterRows,
  readCharacterRows,
} from '#shared/ownership/guard.ts'
import { toStored } from '#shared/ownership/saved.ts'
import { clear } from '#shared/store/partition.ts'
import type { Personal } from '../http/personal.ts'
import { freeNames } from './names.ts'
import { listPartition, readAllCharacters, removeFromList } from './store.ts'

export const personal: Personal = {
  rows: [
    {
      table: 'core',
      partition: 'R#{realm}#A#*',
      actions: ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['DeleteItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['Query', 'UpdateItem', 'DeleteItem'] },
  ],
  async *export({ store }, { players }) {
    for (const player of players) {
      const { realmId } = player
      for (const entry of await readAllCharacters(store, player)) {
        const page = await store.query(readCharacterRows(realmId, entry.characterId))
        const rows = parseCharacterRows(realmId, entry.characterId, page.items)
        const world = rows && { profile: rows.profile, saved: toStored(rows.state.saved) }
        yield { section: 'characters', entry: { realmId, ...entry, ...world } }
      }
    }
  },
  // The entry of the list goes last: by it a repeat finds the rest.
  async erase({ store }, { players }) {
    for (const player of players) {
      for (const entry of await readAllCharacters(store, player)) {
        const pk = characterPartition(player.realmId, entry.characterId)
        await clear(store, { table: 'core', pk })
        await freeNames(store, player, entry)
        await removeFromList(store, player, entry.characterId)
      }
      await clear(store, { table: 'core', pk: listPartition(player) })
    }
  },
}
