import { matchmaking } from '#shared/api/matchmaking.ts'
import { ConfigError } from '#shared/config.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import type { CommonParts, NeededParts } from '../http/record.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { keepMatching } from './keeper.ts'
import { personal } from './personal.ts'
import { takeReport } from './reports.ts'
import { matchmakingRoutes } from './routes.ts'

/** Throws ConfigError when FlexMatch is to match a queue that the content does not have. */
function depsOf(parts: CommonParts & Pick<NeededParts, 'content' | 'fleet' | 'flexMatch'>) {
  const { content } = parts.content
  const unknown = [...(parts.flexMatch?.queues.keys() ?? [])].filter(
    (id) => !content.queues.has(id),
  )
  if (unknown.length > 0) {
    throw new ConfigError([`WAYSTONE_FLEXMATCH: there is no queue ${unknown.join(', ')}.`])
  }
  return { ...parts, content, isLive: createLiveness(), hint: createHint(parts.cache) }
}

export const domain = defineDomain({
  name: 'matchmaking',
  module: import.meta.filename,
  group: 'play',
  needs: ['content', 'fleet', 'flexMatch'],
  declaration: matchmaking,
  handlers: (parts) => matchmakingRoutes(depsOf(parts)),
  timer: {
    everyMinutes: 1,
    goesOn: true,
    run: async (parts, signal) => await keepMatching(depsOf(parts), parts.realms.here, signal),
  },
  notices: async (parts, notice) => {
    for (const realmId of parts.realms.here) await takeReport(parts, realmId, notice)
  },
  personal,
  rows: [
    operationRows,
    {
      table: 'volatile',
      partition: 'R#{realm}#QUEUE#*',
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
    },
    { table: 'volatile', partition: 'R#{realm}#QUEUED#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#QUEUED#*',
      actions: ['DeleteItem'],
      unused: 'A penalty is lifted; test/functions/queues.test.ts does it.',
    },
    { table: 'volatile', partition: 'R#{realm}#MATCH#*', actions: ['GetItem', 'PutItem'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#MATCHER#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    // Whom an operator means, and whether he may.
    ...['LOGIN#*', 'R#{realm}#NAME#*'].map((partition) => ({
      table: 'core' as const,
      partition,
      actions: ['GetItem' as const],
      unused: 'A player who is named by his login, or by a character; functions/admin does it.',
    })),
    { table: 'core', partition: 'AUDIT', actions: ['PutItem'] },
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem', 'ConditionCheckItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem'] },
    // Which party and character is his.
    { table: 'core', partition: 'R#{realm}#PARTY#*', actions: ['GetItem', 'ConditionCheckItem'] },
    { table: 'core', partition: 'R#{realm}#PARTY-OF#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    // How strong a player is, and which match may change it.
    { table: 'core', partition: 'R#{realm}#RATINGS-OF#*', actions: ['GetItem', 'Query'] },
    { table: 'core', partition: 'R#{realm}#RESULT#*', actions: ['PutItem'] },
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
