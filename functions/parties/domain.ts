import { parties } from '#shared/api/parties.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { departureRows } from '../matchmaking/matchmaking.ts'
import { personal } from './personal.ts'
import { partyRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'parties',
  module: import.meta.filename,
  group: 'utility',
  needs: [],
  declaration: parties,
  handlers: partyRoutes,
  personal,
  rows: [
    operationRows,
    {
      table: 'core',
      partition: 'R#{realm}#PARTY#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    {
      table: 'core',
      partition: 'R#{realm}#PARTY-OF#*',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
    },
    // Who has blocked whom.
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['ConditionCheckItem'] },
    // Whose name it is, and that the character is not deleted.
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'ConditionCheckItem'] },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
    // The ticket of a party that somebody leaves.
    ...departureRows,
  ],
})
