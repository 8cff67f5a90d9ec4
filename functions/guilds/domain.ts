import { guilds } from '#shared/api/guilds.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { personal } from './personal.ts'
import { guildRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'guilds',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content'],
  declaration: guilds,
  handlers: (parts) => guildRoutes({ ...parts, content: parts.content.content }),
  personal,
  rows: [
    operationRows,
    // A guild that ends leaves the leaderboards.
    {
      table: 'core',
      partition: 'R#{realm}#BOARDS-OF#*',
      actions: ['GetItem', 'Query', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#BOARD#*', actions: ['DeleteItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#GUILDS#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#GUILDNAME#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    // Whose name it is, and that the character is not deleted.
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'ConditionCheckItem'] },
    // Who has blocked.
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['ConditionCheckItem'] },
    { table: 'core', partition: 'R#{realm}#BLOCKERS#*', actions: ['Query'] },
    {
      table: 'core',
      partition: 'R#{realm}#BLOCKERS#*',
      actions: ['GetItem'],
      unused:
        'Of a player whom more than a hundred have blocked; test/functions/guilds.test.ts does it.',
    },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
})
