import { createHash } from 'node:crypto'
import type { scaling } from '#shared/api/scaling.ts'
import type { CallsOf } from './call.ts'

/** What the autoscaler of the cluster knows, and what the functions know of it. */
export const scalingSecret = 'a-secret-of-the-autoscaler-in-tests-alone'
export const scalingHash = createHash('sha256').update(scalingSecret).digest('hex')

export const scalingCalls: CallsOf<typeof scaling> = {
  async review(stage) {
    await stage.openZone()
    return {
      params: { realmId: stage.realmId, secret: scalingSecret },
      body: {
        request: {
          uid: '5a9e3a4e-6f5b-4f0e-9d57-3a3c6f0d1a11',
          name: 'hub',
          status: { replicas: 2, readyReplicas: 1, reservedReplicas: 0, allocatedReplicas: 1 },
        },
      },
    }
  },
}
