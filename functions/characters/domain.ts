import { characters } from '#shared/api/characters.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { departureRows } from '../matchmaking/matchmaking.ts'
import { personal } from './personal.ts'
import { characterRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'characters',
  module: import.meta.filename,
  group: 'player',
  needs: ['content'],
  declaration: characters,
  handlers: (parts) =>
    characterRoutes({
      ...parts,
      content: parts.content.content,
      hint: createHint(parts.cache),
    }),
  personal,
  rows: [
    operationRows,
    {
      table: 'core',
      partition: 'R#{realm}#A#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#NAME#*',
      actions: ['GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#C#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
    },
    // Who knows a character that is renamed.
    {
      table: 'core',
      partition: 'R#{realm}#FRIENDS#*',
      actions: ['Query'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#FRIENDS#*',
      actions: ['GetItem', 'UpdateItem'],
      unused: 'Friends know another name from then on; test/functions/rename.test.ts does it.',
    },
    { table: 'core', partition: 'R#{realm}#BLOCKERS#*', actions: ['Query'] },
    // An operator who renames or restores, and the host that lets go.
    { table: 'core', partition: 'AUDIT', actions: ['PutItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'ConditionCheckItem'] },
    {
      table: 'volatile',
      partition: 'HOST#*',
      actions: ['GetItem', 'PutItem'],
      unused: 'A character in play; test/functions/rename.test.ts does it.',
    },
    // A character that is deleted leaves its guild.
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#GUILDS#*',
      actions: ['GetItem', 'Query', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#GUILDNAME#*', actions: ['DeleteItem'] },
    // And its party.
    {
      table: 'core',
      partition: 'R#{realm}#PARTY#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#PARTY-OF#*', actions: ['GetItem', 'DeleteItem'] },
    ...departureRows,
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
    // It stands on no leaderboard any more; nor does a guild that ends with it.
    {
      table: 'core',
      partition: 'R#{realm}#BOARDS-OF#*',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#BOARD#*', actions: ['PutItem', 'DeleteItem'] },
    // Ranked lists of the game show no character that is deleted.
    {
      table: 'core',
      partition: 'R#{realm}#GAME#TALLY#*',
      actions: ['Query', 'UpdateItem', 'DeleteItem'],
    },
  ],
})
