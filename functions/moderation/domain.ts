import { moderation } from '#shared/api/moderation.ts'
import { createHint } from '#shared/ownership/hint.ts'
import { defineDomain } from '../http/record.ts'
import { operationRows } from '../http/rows.ts'
import { personal } from './personal.ts'
import { moderationRoutes } from './routes.ts'

const removal = 'A report of a guild is decided; test/functions/moderation.test.ts does it.'
const all = ['GetItem', 'Query', 'PutItem', 'DeleteItem'] as const

export const domain = defineDomain({
  name: 'moderation',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content'],
  declaration: moderation,
  handlers: (parts) =>
    moderationRoutes({ ...parts, content: parts.content.content, hint: createHint(parts.cache) }),
  personal,
  rows: [
    operationRows,
    { table: 'core', partition: 'R#{realm}#REPORTS#*', actions: [...all] },
    { table: 'core', partition: 'R#{realm}#APPEALS#*', actions: [...all] },
    {
      table: 'core',
      partition: 'R#{realm}#MOD#*',
      actions: all.filter((action) => action !== 'DeleteItem'),
    },
    { table: 'core', partition: 'AUDIT', actions: ['PutItem'] },
    // Who is meant, and bans.
    { table: 'core', partition: 'LOGIN#*', actions: ['GetItem'] },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['GetItem', 'ConditionCheckItem'],
    },
    {
      table: 'core',
      partition: 'ACCOUNT#*',
      actions: ['UpdateItem'],
      unused: 'A decision bans; test/functions/moderation.test.ts does it.',
    },
    // Mutes, bans, and where characters are.
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem', 'Query', 'PutItem'] },
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['GetItem', 'Query'] },
    {
      table: 'core',
      partition: 'R#{realm}#C#*',
      actions: ['UpdateItem'],
      unused: 'A ban voids a ticket; test/ownership/ban.test.ts does it.',
    },
    {
      table: 'volatile',
      partition: 'HOST#*',
      actions: ['GetItem', 'PutItem'],
      unused: 'Hosts with the player in play; test/functions/moderation.test.ts does it.',
    },
    // What is reported, and whether the reporter can read it.
    { table: 'core', partition: 'R#{realm}#MAIL#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#CHAT#*', actions: ['Query'] },
    { table: 'core', partition: 'R#{realm}#GUILD#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#GUILDS#*', actions: ['GetItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#PARTY#*',
      actions: ['GetItem'],
      unused: 'A line of a party is reported; test/functions/moderation.test.ts does it.',
    },
    { table: 'core', partition: 'R#{realm}#PARTY-OF#*', actions: ['GetItem'] },
    { table: 'volatile', partition: 'R#{realm}#BOX#*', actions: ['PutItem'] },
    // The text of a guild is taken away, and what copies its name follows.
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      actions: ['Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
      unused: removal,
    },
    { table: 'core', partition: 'R#{realm}#GUILDS#*', actions: ['UpdateItem'], unused: removal },
    {
      table: 'core',
      partition: 'R#{realm}#GUILDNAME#*',
      actions: ['PutItem', 'DeleteItem'],
      unused: removal,
    },
    {
      table: 'core',
      partition: 'R#{realm}#BOARDS-OF#*',
      actions: ['GetItem', 'Query', 'PutItem'],
      unused: removal,
    },
    {
      table: 'core',
      partition: 'R#{realm}#BOARD#*',
      actions: ['PutItem'],
      unused: removal,
    },
  ],
})
