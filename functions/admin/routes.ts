import type { admin } from '#shared/api/admin.ts'
import type { Handlers } from '#shared/api/endpoint.ts'
import { ban, kick, requireOperator, setRole, showPlayer, unban } from './admin.ts'
import type { AdminDeps } from './admin.ts'
import { readAudit } from './audit.ts'
import { announce, listFleet, stopHost } from './fleet.ts'

export function adminRoutes(deps: AdminDeps): Handlers<typeof admin> {
  return {
    async showPlayer({ operator, params }) {
      await requireOperator(deps, operator)
      return await showPlayer(deps, params.who)
    },
    async kick({ operator, params, body, operation }) {
      await requireOperator(deps, operator)
      return await kick(deps, operator, params.who, body.reason, operation)
    },
    async ban({ operator, params, body, operation }) {
      await requireOperator(deps, operator)
      return await ban(deps, operator, params.who, body, operation)
    },
    async unban({ operator, params, body, operation }) {
      await requireOperator(deps, operator)
      return await unban(deps, operator, params.who, body.reason, operation)
    },
    async setRole({ operator, params, body, operation }) {
      await requireOperator(deps, operator)
      return await setRole(deps, operator, params.who, body, operation)
    },
    async announce({ operator, params, body, operation }) {
      await requireOperator(deps, operator)
      return await announce(deps, operator, params.realmId, body, operation)
    },
    async fleet({ operator }) {
      await requireOperator(deps, operator)
      return { hosts: await listFleet(deps) }
    },
    async stopHost({ operator, params, body, operation }) {
      await requireOperator(deps, operator)
      await stopHost(deps, operator, params.name, body.reason, operation)
      return {}
    },
    async audit({ operator, query }) {
      await requireOperator(deps, operator)
      return await readAudit(deps.store, query)
    },
  }
}
