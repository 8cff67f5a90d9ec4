// What a client in another language reads snapshots and writes commands by (shared/components/schema.ts).
import * as z from 'zod'
import { schemaSchema } from '../components/schema.ts'
import { domain, endpoint } from './endpoint.ts'

export const zoneSchemas = domain({
  name: 'zoneSchema',
  description: 'Components, archetypes and abilities of the game, as zones speak of them',
  endpoints: {
    current: endpoint({
      method: 'GET',
      path: '/v1/zone-schema',
      summary: 'The schema of the zone protocol, and its name',
      description:
        'A zone host sends the one that it speaks in the socket, which may be of another version. This one is for reading, and for making clients.',
      identity: 'anyone',
      answer: z.object({ name: z.string(), schema: schemaSchema }),
      cache: { maxAgeS: 60 },
      errors: [],
      limits: [{ rate: 'read.address', by: 'address' }],
    }),
  },
})
