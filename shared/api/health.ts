import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'

const health = z
  .object({
    ok: z.boolean(),
    checks: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What was looked at; `false` is what is not well' }),
    visit: z
      .unknown()
      .optional()
      .meta({ description: 'How the synthetic player fared, where there is one' }),
  })
  .meta({ id: 'Health' })

/** As it was some seconds ago, however often it is asked. */
const shared = {
  method: 'GET',
  identity: 'anyone',
  answer: health,
  reportsHealth: true,
  errors: ['route.not_found'],
  // The process remembers its answer for a while, and the edge in front of Lambdas lets few requests
  // through (cdk/api.ts).
  limits: [],
} as const

export const healthApi = domain({
  name: 'health',
  description: 'Whether this works',
  endpoints: {
    whole: endpoint({
      ...shared,
      path: '/health',
      summary: 'Whether this server is well',
      description: 'On Lambda: the function that answers what no other has a route for.',
    }),
    part: endpoint({
      ...shared,
      path: '/health/{part}',
      params: z.object({
        part: z
          .string()
          .regex(/^[a-z]{1,32}$/)
          .meta({ description: 'The name of a domain', example: 'auth' }),
      }),
      summary: 'Whether the function is well that serves a domain',
      description:
        'It starts, its keys are readable, the store answers. One server says the same of all its domains.',
    }),
  },
})
