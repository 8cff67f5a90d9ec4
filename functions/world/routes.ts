import type { Handlers } from '#shared/api/endpoint.ts'
import type { world } from '#shared/api/world.ts'
import { characterOf, memberOf } from '../characters/characters.ts'
import { latestOf, openPrivate } from './private.ts'
import type { PrivateDeps } from './private.ts'
import { scheduleOf } from './schedule.ts'
import { createStatus } from './status.ts'
import type { LoginQueue } from './login-queue/login-queue.ts'
import type { Warmer } from './warm.ts'
import { enter, refuseClosed } from './world.ts'
import type { WorldDeps } from './world.ts'

export function worldRoutes(
  deps: WorldDeps & PrivateDeps & { loginQueue: LoginQueue; warmer: Pick<Warmer, 'came'> },
): Handlers<typeof world> {
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
    async loginQueue({ params: { realmId }, caller, body }) {
      const { accountId, role } = caller
      refuseClosed(deps, { accountId, role }, await deps.maintenance(realmId))
      return await deps.loginQueue.ask({ realmId, accountId }, body.ticket)
    },
    async leaveLoginQueue({ params: { realmId }, caller: { accountId } }) {
      await deps.loginQueue.giveUp({ realmId, accountId })
      return {}
    },
    async enter({ caller, params: { realmId }, body }) {
      const entered = await enter(deps, caller, realmId, body)
      if ('zone' in entered) await deps.warmer.came(realmId, entered.zone)
      return entered
    },
    schedule: async () => scheduleOf(deps.content, deps.runtime.now()),
    status: async ({ params }) => await status(params.realmId),
  }
}
