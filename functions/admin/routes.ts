import type { admin } from '#shared/api/admin.ts'
import type { Handlers, Operator } from '#shared/api/endpoint.ts'
import { ban, kick, requireOperator, setRole, showPlayer, unban } from './admin.ts'
import type { AdminDeps } from './admin.ts'
import { readAudit } from './audit.ts'
import { announce, listFleet, stopHost } from './fleet.ts'

export function adminRoutes(deps: AdminDeps): Handlers<typeof admin> {
  /** Lets nobody in whose role is gone since the token was made. */
  const asked =
    <Asked extends { operator: Operator }, Answer>(handle: (call: Asked) => Promise<Answer>) =>
    async (call: Asked): Promise<Answer> => {
      await requireOperator(deps, call.operator)
      return await handle(call)
    }
  return {
    showPlayer: asked(({ params }) => showPlayer(deps, params.who)),
    kick: asked(({ operator, params, body, operation }) =>
      kick(deps, operator, params.who, body.reason, operation),
    ),
    ban: asked(({ operator, params, body, operation }) =>
      ban(deps, operator, params.who, body, operation),
    ),
    unban: asked(({ operator, params, body, operation }) =>
      unban(deps, operator, params.who, body.reason, operation),
    ),
    setRole: asked(({ operator, params, body, operation }) =>
      setRole(deps, operator, params.who, body, operation),
    ),
    announce: asked(({ operator, params, body, operation }) =>
      announce(deps, operator, params.realmId, body, operation),
    ),
    fleet: asked(async () => ({ hosts: await listFleet(deps) })),
    stopHost: asked(async ({ operator, params, body, operation }) => {
      await stopHost(deps, operator, params.name, body.reason, operation)
      return {}
    }),
    audit: asked(({ query }) => readAudit(deps.store, query)),
  }
}
