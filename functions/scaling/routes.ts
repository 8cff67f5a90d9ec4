import type { Handlers } from '#shared/api/endpoint.ts'
import type { scaling } from '#shared/api/scaling.ts'
import { requireSecret, reviewFleet } from './scaling.ts'
import type { ScalingDeps } from './scaling.ts'

export function scalingRoutes(deps: ScalingDeps): Handlers<typeof scaling> {
  return {
    async review({ params, body }) {
      requireSecret(deps, params.secret)
      return { request: null, response: await reviewFleet(deps, params.realmId, body.request) }
    },
  }
}
