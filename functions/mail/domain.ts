import { mail } from '#shared/api/mail.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { personal } from './personal.ts'
import { mailRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'mail',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content'],
  declaration: mail,
  handlers: (parts) => mailRoutes({ ...parts, content: parts.content.content }),
  personal,
  rows: [
    operationRows,
    {
      table: 'core',
      partition: 'R#{realm}#MAIL#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    // Who has blocked whom.
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['GetItem', 'ConditionCheckItem'] },
    // Whose name it is.
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
})
