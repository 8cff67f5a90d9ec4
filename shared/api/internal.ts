import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { contentId, moment, realmId } from './names.ts'

const knownHost = z
  .object({
    bootId: z.string(),
    address: z.string(),
    now: moment.meta({ description: 'The clock of the functions' }),
    realms: z.array(realmId).meta({ description: 'Realms that are served here' }),
    instances: z.array(z.object({ realmId, zone: contentId, instance: z.string() })),
  })
  .meta({ id: 'KnownHost' })

export const internal = domain({
  name: 'internal',
  description: 'For zone hosts. Tokens of players and operators are refused here',
  endpoints: {
    host: endpoint({
      method: 'GET',
      path: '/internal/v1/host',
      summary: 'What the registry knows of the calling host',
      identity: 'host',
      answer: knownHost,
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})

export type KnownHost = z.infer<typeof knownHost>
