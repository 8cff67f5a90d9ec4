import type { Handlers } from '#shared/api/endpoint.ts'
import type { world } from '#shared/api/world.ts'
import { characterOf, memberOf } from '../characters/characters.ts'
import { latestOf, openPrivate } from './private.ts'
import type { PrivateDeps } from './private.ts'
import { scheduleOf } from './schedule.ts'
import { createStatus } from './status.ts'
import { enter } from './world.ts'
import type { WorldDeps } from './world.ts'

export function worldRoutes(deps: WorldDeps & PrivateDeps): Handlers<typeof world> {
  const status = createStatus(deps)
  return {
    async open({ params: { realmId }, caller, body, operation }) {
      const { accountId } = caller
      const me = async () => await memberOf(deps.store, { realmId, accountId }, body.as)
      return await openPrivate(deps, { realmId, me, op: operation }, body)
    },
    async instance({ params: { realmId }, caller, query }) {
      await characterOf(deps.store, { realmId, accountId: caller.accountId }, query.as)
      return await latestOf(deps, realmId, query.as)
    },
    enter: async ({ caller, params, body }) => await enter(deps, caller, params.realmId, body),
    schedule: async () => scheduleOf(deps.content, deps.runtime.now()),
    status: async ({ params }) => await status(params.realmId),
  }
}
