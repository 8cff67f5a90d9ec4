import { chat } from '#shared/api/chat.ts'
import { defineDomain } from '../http/record.ts'
import { personal } from './personal.ts'
import { chatRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'chat',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content'],
  declaration: chat,
  handlers: chatRoutes,
  personal,
  rows: [
    { table: 'core', partition: 'OP#*', actions: ['PutItem'] },
    {
      table: 'core',
      partition: 'OP#*',
      actions: ['GetItem'],
      unused:
        'Read after a lost answer (shared/store/commit.ts), which is injected in memory alone.',
    },
    { table: 'volatile', partition: 'R#{realm}#CHAT#*', actions: ['Query', 'PutItem'] },
    { table: 'volatile', partition: 'R#{realm}#SPEAKER#*', actions: ['GetItem', 'PutItem'] },
    // Who is in a guild or a party.
    {
      table: 'core',
      partition: 'R#{realm}#GUILD#*',
      actions: ['GetItem', 'Query', 'ConditionCheckItem'],
    },
    { table: 'core', partition: 'R#{realm}#GUILDS#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#PARTY#*', actions: ['GetItem'] },
    {
      table: 'core',
      partition: 'R#{realm}#PARTY-OF#*',
      actions: ['GetItem', 'ConditionCheckItem'],
    },
    // Who has blocked whom.
    {
      table: 'core',
      partition: 'R#{realm}#FRIENDS#*',
      actions: ['GetItem', 'Query', 'ConditionCheckItem'],
    },
    // Whose name it is, who is muted, and where the character is.
    { table: 'core', partition: 'R#{realm}#NAME#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#C#*', actions: ['Query'] },
  ],
})
