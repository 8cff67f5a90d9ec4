// A domain that the core does not have. domains.test.ts adds it by this record and nothing else.
import * as z from 'zod'
import { defineDomain } from '#functions/http/record.ts'
import { domain as declare, endpoint } from '#shared/api/endpoint.ts'

const postboxApi = declare({
  name: 'postbox',
  description: 'Letters that wait',
  endpoints: {
    count: endpoint({
      method: 'GET',
      path: '/v1/realms/{realmId}/postbox',
      summary: 'How many letters wait for the caller',
      identity: 'player',
      params: z.object({ realmId: z.string() }),
      answer: z.object({ letters: z.int() }),
      errors: [],
      limits: [{ rate: 'read.account', by: 'account' }],
    }),
  },
})

export const domain = defineDomain({
  name: 'postbox',
  module: import.meta.filename,
  group: 'utility',
  needs: [],
  declaration: postboxApi,
  handlers: ({ store }) => ({
    count: async ({ params, caller }) => {
      const key = { pk: `R#${params.realmId}#POSTBOX#${caller.accountId}`, sk: 'COUNT' }
      const row = await store.get({ table: 'core', key })
      return { letters: Number(row?.['letters'] ?? 0) }
    },
  }),
  personal: { none: 'It writes no rows.' },
  rows: [{ table: 'core', partition: 'R#{realm}#POSTBOX#*', actions: ['GetItem'] }],
})
