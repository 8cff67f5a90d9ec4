import { friends } from '#shared/api/friends.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { personal } from './personal.ts'
import { friendRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'friends',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content'],
  declaration: friends,
  handlers: (parts) => friendRoutes({ ...parts, content: parts.content.content }),
  personal,
  rows: [
    operationRows,
    {
      table: 'core',
      partition: 'R#{realm}#FRIENDS#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    },
    { table: 'core', partition: 'R#{realm}#BLOCKERS#*', actions: ['PutItem', 'DeleteItem'] },
    // Whose name it is.
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
})
