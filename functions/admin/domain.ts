import { admin } from '#shared/api/admin.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { adminRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'admin',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content', 'fleet'],
  declaration: admin,
  handlers: (parts) =>
    adminRoutes({
      ...parts,
      content: parts.content.content,
      hint: createHint(parts.cache),
      isLive: createLiveness(),
    }),
  personal: {
    none: 'The audit says who did what to which ids, and is kept as it is.',
    stays: [{ table: 'core', partition: 'AUDIT', why: 'It names players by their ids alone.' }],
  },
  rows: [
    operationRows,
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem'] },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['GetItem', 'UpdateItem', 'ConditionCheckItem'],
    },
    { table: 'core', partition: 'AUDIT', actions: ['Query', 'PutItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#BULLETIN',
      actions: ['Query', 'PutItem', 'DeleteItem'],
    },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'Query', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem', 'Query', 'UpdateItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#MAIL#*',
      actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem'],
    },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
    { table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['GetItem', 'Query'] },
    { table: 'volatile', partition: 'R#{realm}#I#*', actions: ['Query'] },
    { table: 'volatile', partition: 'R#{realm}#PRIVATE#*', actions: ['GetItem'] },
    // Where a cluster is named: which host was allocated for a need (shared/fleet/agones.ts).
    {
      table: 'volatile',
      partition: 'ALLOCATION#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
      unused: 'A host is asked for; functions/world does it.',
    },
    { table: 'volatile', partition: 'HOST#*', actions: ['GetItem', 'PutItem'] },
  ],
})
