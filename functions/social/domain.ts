import { social } from '#shared/api/social.ts'
import { defineDomain } from '../http/record.ts'
import { gone, heard } from './social.ts'
import { giveTicket } from './ticket.ts'

export const domain = defineDomain({
  name: 'social',
  module: import.meta.filename,
  group: 'utility',
  needs: [],
  declaration: social,
  handlers: (parts) => ({
    ticket: async ({ params, caller }) => await giveTicket(parts, params.realmId, caller),
  }),
  sockets: (parts) => ({
    message: async (from, text) => await heard(parts, from, text),
    closed: async (connectionId) => await gone(parts, connectionId),
  }),
  personal: { none: 'Which connection is his, for two hours at most, after which the rows end' },
  rows: [
    // The session of who asks for a ticket.
    { table: 'core', partition: 'ACCOUNT#*', actions: ['GetItem'] },
    { table: 'core', partition: 'R#{realm}#A#*', actions: ['GetItem'] },
    // How he is seen, and by whom.
    { table: 'core', partition: 'R#{realm}#FRIENDS#*', actions: ['GetItem', 'Query'] },
    {
      table: 'volatile',
      partition: 'R#{realm}#SOCIAL#*',
      actions: ['GetItem', 'PutItem', 'DeleteItem'],
    },
    { table: 'volatile', partition: 'SOCKET#*', actions: ['GetItem', 'PutItem', 'DeleteItem'] },
  ],
})
