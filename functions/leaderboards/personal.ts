// What leaderboards keep of a player: a score for each board, season and character.
import { readScores } from '#shared/leaderboards/rows.ts'
import type { Personal } from '../http/personal.ts'
import { eraseFromBoards } from './leaderboards.ts'

export const personal: Personal = {
  rows: [
    {
      table: 'core',
      partition: 'R#{realm}#BOARDS-OF#*',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#BOARD#*', actions: ['DeleteItem'] },
  ],
  async *export({ store }, { players }) {
    for (const { realmId, accountId } of players) {
      for (const row of await readScores(store, realmId, accountId)) {
        const { board, season, subjectId, name, score, reachedAt } = row
        const entry = { realmId, board, season, characterId: subjectId, name, score, reachedAt }
        yield { section: 'leaderboards', entry }
      }
    }
  },
  async erase(parts, { players }) {
    for (const { realmId, accountId } of players) {
      await eraseFromBoards(parts, realmId, accountId)
    }
  },
}
