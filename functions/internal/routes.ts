import type { Handlers } from '#shared/api/endpoint.ts'
import type { internal } from '#shared/api/internal.ts'
import { showHost } from './internal.ts'
import type { InternalDeps } from './internal.ts'

export function internalRoutes(deps: InternalDeps): Handlers<typeof internal> {
  return {
    host: async ({ caller }) => await showHost(deps, caller),
  }
}
