import type { Handlers, PlayerCaller } from '#shared/api/endpoint.ts'
import type { world } from '#shared/api/world.ts'
import type { Store } from '#shared/store/store.ts'
import { characterOf } from '../characters/characters.ts'
import { latestOf, openPrivate } from './private.ts'
import type { PrivateDeps } from './private.ts'
import { scheduleOf } from './schedule.ts'
import { createStatus } from './status.ts'
import { enter } from './world.ts'
import type { WorldDeps } from './world.ts'

/** The caller's character. Throws character.not_found. */
async function memberOf(
  store: Store,
  realmId: string,
  { accountId }: PlayerCaller,
  characterId: string,
) {
  const { name } = await characterOf(store, { realmId, accountId }, characterId)
  return { characterId, accountId, name }
}

export function worldRoutes(deps: WorldDeps & PrivateDeps): Handlers<typeof world> {
  const status = createStatus(deps)
  return {
    async open({ params: { realmId }, caller, body, operation }) {
      const me = async () => await memberOf(deps.store, realmId, caller, body.as)
      return await openPrivate(deps, { realmId, me, op: operation }, body.zone)
    },
    async instance({ params: { realmId }, caller, query }) {
      await memberOf(deps.store, realmId, caller, query.as)
      return await latestOf(deps, realmId, query.as)
    },
    enter: async ({ caller, params, body }) => await enter(deps, caller, params.realmId, body),
    schedule: async () => scheduleOf(deps.content, deps.runtime.now()),
    status: async ({ params }) => await status(params.realmId),
  }
}
