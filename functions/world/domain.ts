import { world } from '#shared/api/world.ts'
import { createLiveness } from '#shared/ownership/card.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { isSynthetic, requireSession } from '../auth/auth.ts'
import { defineDomain } from '../http/record.ts'
import { worldRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'world',
  module: import.meta.filename,
  group: 'play',
  needs: ['signing', 'content', 'fleet'],
  declaration: world,
  handlers: ({ store, runtime, cache, realms, signing, content, fleet }) =>
    worldRoutes({
      store,
      runtime,
      realms,
      content: content.content,
      fleet,
      isLive: createLiveness(),
      signingKey: signing.signing,
      verifyKeys: signing.find,
      hint: createHint(cache),
      requireSession: (player) => requireSession({ store, runtime }, player),
      isSynthetic: (accountId) => isSynthetic(signing, accountId),
    }),
  rows: [
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['Query', 'UpdateItem'] },
    { table: 'core', partition: 'HOST#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['GetItem', 'Query', 'UpdateItem'] },
    { table: 'volatile', partition: 'R#{realm}#I#*', actions: ['PutItem', 'UpdateItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#I#*',
      actions: ['DeleteItem'],
      unused: 'A place that no reservation followed; test/ownership/ownership.test.ts does it.',
    },
    {
      table: 'volatile',
      partition: 'HOST#*',
      actions: ['GetItem', 'PutItem', 'ConditionCheckItem'],
    },
    // Where a cluster is named: which host was allocated for a need (shared/fleet/agones.ts).
    {
      table: 'volatile',
      partition: 'ALLOCATION#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
  ],
})
