import { leaderboards } from '#shared/api/leaderboards.ts'
import { createLeaderboards } from '#shared/leaderboards/copier.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { personal } from './personal.ts'
import { leaderboardRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'leaderboards',
  module: import.meta.filename,
  group: 'play',
  needs: ['content'],
  declaration: leaderboards,
  handlers: (parts) =>
    leaderboardRoutes({
      ...parts,
      content: parts.content.content,
      boards: createLeaderboards(parts),
    }),
  personal,
  rows: [
    operationRows,
    {
      table: 'core',
      partition: 'R#{realm}#BOARD#*',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem', 'ConditionCheckItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#BOARDS-OF#*',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
    },
    // Who are friends, and who is in which guild.
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['Query'] },
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      actions: ['GetItem', 'Query', 'ConditionCheckItem'],
    },
    { table: 'core', partition: 'R#{realm}#GUILDS#*', actions: ['GetItem', 'ConditionCheckItem'] },
    // Whom an operator means, and whether he may.
    { table: 'core', partition: 'AUDIT', actions: ['PutItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'ConditionCheckItem'] },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem'] },
  ],
})
