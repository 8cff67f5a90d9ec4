import * as z from 'zod'
import { domain, endpoint } from './endpoint.ts'
import { realmId } from './names.ts'

/** Of hosts; what Agones holds in 32 bits. */
const hosts = z
  .int()
  .min(0)
  .max(2 ** 31 - 1)

/** As Agones sends it (autoscaling.agones.dev/v1). What is not read here may be missing, and of any form. */
const review = z
  .object({
    request: z.object({
      uid: z.string().min(1).max(100),
      name: z.string().min(1).max(63).meta({ description: 'Of the fleet' }),
      status: z.object({
        replicas: hosts,
        readyReplicas: hosts,
        reservedReplicas: hosts,
        allocatedReplicas: hosts,
      }),
      labels: z
        .object({ 'waystone.dev/zone': z.string().max(63).optional() })
        .nullish()
        .meta({
          description: 'Of the fleet; it names its zone. Without it the name of the fleet does',
        }),
    }),
  })
  .meta({ id: 'FleetAutoscaleReview' })

const reviewed = z
  .object({
    request: z.null(),
    response: z.object({
      uid: z.string(),
      scale: z.boolean(),
      replicas: hosts.meta({ description: 'How many hosts the fleet is to have' }),
    }),
  })
  .meta({ id: 'FleetAutoscaleAnswer' })

export const scaling = domain({
  name: 'scaling',
  description:
    'For the autoscaler of the cluster (Agones), which sends no headers: its secret is in the path',
  endpoints: {
    review: endpoint({
      method: 'POST',
      path: '/internal/v1/realms/{realmId}/scaling/{secret}',
      summary: 'How many hosts a fleet is to have',
      description:
        'The webhook of a FleetAutoscaler. It changes nothing here. A number is answered also while the registry is not there: the one that the fleet has.',
      identity: 'anyone',
      repeat: 'natural',
      params: z.object({ realmId, secret: z.string().regex(/^[A-Za-z0-9_-]{32,128}$/) }),
      body: review,
      answer: reviewed,
      errors: ['route.not_found'],
      // A limit would be counted in the store, which may be gone. A wrong secret costs two hashes.
      limits: [],
    }),
  },
})

export type FleetReview = z.infer<typeof review>['request']
export type FleetAnswer = z.infer<typeof reviewed>['response']
