import { auth } from '#shared/api/auth.ts'
import { defineDomain } from '../http/record.ts'
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
    { table: 'core', partition: 'OP#*', actions: ['PutItem'] },
    {
      table: 'core',
      partition: 'OP#*',
      actions: ['GetItem'],
      unused:
        'Read after a lost answer (shared/store/commit.ts), which is injected in memory alone.',
    },
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    { table: 'core', partition: 'ERASURES', actions: ['PutItem', 'DeleteItem'] },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'EMAIL#*', actions: ['GetItem', 'PutItem', 'DeleteItem'] },
    { table: 'core', partition: 'IDENTITY#*', actions: ['GetItem', 'PutItem', 'DeleteItem'] },
    { table: 'core', partition: 'SPENT#*', actions: ['PutItem'] },
    // What is told of changes of the account.
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
  ],
})
