import { auth } from '#shared/api/auth.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { createHasher } from './passwords.ts'
import { personal } from './personal.ts'
import { authRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'auth',
  module: import.meta.filename,
  group: 'player',
  hashesPasswords: true,
  needs: ['signing', 'email', 'signIn'],
  declaration: auth,
  personal,
  handlers: (parts) => authRoutes({ ...parts, hasher: createHasher(parts.runtime) }),
  rows: [
    // What is planned for the realms, in their list.
    { table: 'core', partition: 'R#{realm}#BULLETIN', actions: ['Query'] },
    operationRows,
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    { table: 'core', partition: 'ERASURES', actions: ['PutItem'] },
    {
      table: 'core',
      partition: 'ERASURES',
      actions: ['DeleteItem'],
      unused:
        'A log-in keeps an account that was to be erased; test/functions/personal.test.ts does it.',
    },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'EMAIL#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'core',
      partition: 'EMAIL#*',
      actions: ['DeleteItem'],
      unused: 'An address takes the place of another one; test/functions/accounts.test.ts does it.',
    },
    { table: 'core', partition: 'IDENTITY#*', actions: ['GetItem', 'PutItem', 'DeleteItem'] },
    { table: 'core', partition: 'SPENT#*', actions: ['PutItem'] },
    // What is told of changes of the account.
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
})
