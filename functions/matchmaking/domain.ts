import { matchmaking } from '#shared/api/matchmaking.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import type { CommonParts, NeededParts } from '../http/record.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { keepMatching } from './keeper.ts'
import { personal } from './personal.ts'
import { matchmakingRoutes } from './routes.ts'

const depsOf = (parts: CommonParts & Pick<NeededParts, 'content' | 'fleet'>) => ({
  ...parts,
  content: parts.content.content,
  isLive: createLiveness(),
  hint: createHint(parts.cache),
})

export const domain = defineDomain({
  name: 'matchmaking',
  module: import.meta.filename,
  group: 'play',
  needs: ['content', 'fleet'],
  declaration: matchmaking,
  handlers: (parts) => matchmakingRoutes(depsOf(parts)),
  timer: {
    everyMinutes: 1,
    goesOn: true,
    run: async (parts, signal) => await keepMatching(depsOf(parts), parts.realms.here, signal),
  },
  personal,
  rows: [
    operationRows,
    {
      table: 'volatile',
      partition: 'R#{realm}#QUEUE#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
    },
    {
      table: 'volatile',
      partition: 'R#{realm}#QUEUED#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    { table: 'volatile', partition: 'R#{realm}#MATCH#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#MATCHER#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    // Whom an operator means, and whether he may.
    { table: 'core', partition: 'AUDIT', actions: ['PutItem'] },
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'ConditionCheckItem'] },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem'] },
    // Which party and character is his.
    { table: 'core', partition: 'R#{realm}#PARTY#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#PARTY-OF#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    // The instance of a match is opened.
    { table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['Query', 'UpdateItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#Z#*',
      actions: ['GetItem'],
      unused: 'All slots are taken, and a host is asked for; functions/world does it.',
    },
    { table: 'volatile', partition: 'R#{realm}#I#*', actions: ['PutItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#I#*',
      actions: ['UpdateItem'],
      unused: 'A slot that is asked for again; test/ownership/private.test.ts does it.',
    },
    { table: 'volatile', partition: 'HOST#*', actions: ['PutItem'] },
    { table: 'volatile', partition: 'R#{realm}#PRIVATE#*', actions: ['PutItem'] },
    { table: 'volatile', partition: 'R#{realm}#PRIVATE-OF#*', actions: ['PutItem'] },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
    {
      table: 'volatile',
      partition: 'ALLOCATION#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
      unused: 'A host is asked for; functions/world does it.',
    },
  ],
})
