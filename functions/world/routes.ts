import type { Handlers } from '#shared/api/endpoint.ts'
import type { world } from '#shared/api/world.ts'
import { scheduleOf } from './schedule.ts'
import { createStatus } from './status.ts'
import { enter } from './world.ts'
import type { WorldDeps } from './world.ts'

export function worldRoutes(deps: WorldDeps): Handlers<typeof world> {
  const status = createStatus(deps)
  return {
    enter: async ({ caller, params, body }) => await enter(deps, caller, params.realmId, body),
    schedule: async () => scheduleOf(deps.content, deps.runtime.now()),
    status: async ({ params }) => await status(params.realmId),
  }
}
