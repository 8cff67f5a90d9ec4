import { personal } from '#shared/api/personal.ts'
import { erasuresEveryMinutes } from '#shared/limits.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { runDueErasures } from './erasing.ts'
import { personalRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'personal',
  module: import.meta.filename,
  group: 'utility',
  needs: ['kept'],
  declaration: personal,
  handlers: personalRoutes,
  timer: { everyMinutes: erasuresEveryMinutes, run: runDueErasures },
  personal: { none: 'It keeps nothing; it calls the others.' },
  // Beside what the domains say that they keep.
  rows: [
    operationRows,
    { table: 'core', partition: 'AUDIT', actions: ['PutItem'] },
    // Who is meant, and whether the operator may.
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['GetItem', 'UpdateItem', 'ConditionCheckItem'],
    },
    {
      table: 'core',
      partition: 'LOGIN#*',
      actions: ['GetItem'],
      unused: 'An operator names a player by his log-in name; functions/admin/who.ts reads it.',
    },
    {
      table: 'core',
      partition: 'R#{realm}#NAME#*',
      actions: ['GetItem'],
      unused: 'The same, by the name of a character.',
    },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem'] },
    // Characters that are deleted leave the game's ranked lists, and their hosts.
    {
      table: 'core',
      partition: 'R#{realm}#GAME#TALLY#*',
      actions: ['UpdateItem'],
      unused: 'A game with a ranked list; test/functions/tallies.test.ts does it.',
    },
    {
      table: 'volatile',
      partition: 'HOST#*',
      actions: ['GetItem', 'PutItem'],
      unused: 'A character in play; test/functions/personal.test.ts does it.',
    },
  ],
})
