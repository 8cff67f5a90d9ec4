// What a game keeps of a player: the totals of its tallies, and what its own rows hold.
import type { GamePersonal } from '#shared/game/game.ts'
import { eraseTotals, totalsOf } from '#shared/game/tallying.ts'
import type { Person } from '#shared/person.ts'
import type { Personal } from '../http/personal.ts'

export function personalOf(own: GamePersonal | undefined): Personal {
  return {
    rows: [
      {
        table: 'core',
        partition: 'R#{realm}#GAME#*',
        actions: ['Query', 'DeleteItem'],
      },
      {
        table: 'core',
        partition: 'R#{realm}#GAME#*',
        actions: ['GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem'],
        unused: 'The sample game does not; another may, among its own rows.',
      },
    ],
    async *export({ store, runtime }, person) {
      for (const { realmId, subject, name } of subjectsOf(person)) {
        for (const entry of await totalsOf(store, realmId, subject)) {
          yield { section: 'tallies', entry: { realmId, name, ...entry } }
        }
      }
      if (own !== undefined) yield* own.export({ store, runtime }, person)
    },
    async erase({ store, runtime }, person) {
      for (const { realmId, subject } of subjectsOf(person)) {
        await eraseTotals(store, realmId, subject)
      }
      await own?.erase({ store, runtime }, person)
    },
  }
}

/** Whose totals there may be. */
function* subjectsOf({ players }: Person) {
  for (const { realmId, accountId, characters } of players) {
    yield { realmId, subject: accountId, name: undefined }
    for (const { characterId, name } of characters) yield { realmId, subject: characterId, name }
  }
}
