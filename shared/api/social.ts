// The way to the social socket (docs/protocol.md, "The social socket").
import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { moment, realmId } from './names.ts'

export const social = domain({
  name: 'social',
  description: 'The socket on which players outside zones are told what is new',
  endpoints: {
    ticket: endpoint({
      method: 'POST',
      path: '/v1/realms/{realmId}/social/ticket',
      summary: 'Get an address and a one-use ticket for the social socket',
      description:
        'Send it again at any time: the newest ticket counts, older ones are refused. A player has one social socket ' +
        'in a realm; a newer one replaces it.',
      identity: 'player',
      repeat: 'natural',
      params: z.object({ realmId }),
      answer: z
        .object({
          address: z.string().meta({ description: 'WebSocket address' }),
          ticket: z
            .string()
            .meta({ description: 'One use, 30 s; goes into the first frame, never a URL' }),
          expiresAt: moment,
        })
        .meta({ id: 'SocialTicket' }),
      errors: ['social.unavailable', 'auth.session_revoked', 'auth.banned'],
      limits: [{ rate: 'enter.account', by: 'account' }],
    }),
  },
})
