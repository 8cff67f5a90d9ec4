import type { admin } from '#shared/api/admin.ts'
import type { Handlers, OperatorCaller } from '#shared/api/endpoint.ts'
import { ban, kick, setRole, showPlayer, unban } from './admin.ts'
import type { AdminDeps } from './admin.ts'
import { readAudit } from './audit.ts'
import { announce, listFleet, stopHost } from './fleet.ts'
import { closeInstance, movePlayer, openInstance } from './instance-acts.ts'
import { listInstances, showInstance } from './instances.ts'
import {
  endMaintenance,
  extendMaintenance,
  keepAnnouncement,
  showMaintenance,
  startMaintenance,
  withdrawAnnouncement,
} from './live.ts'
import { mailAll, sendMail, withdrawMail } from './letters.ts'
import { requireRole } from './rights.ts'

export function adminRoutes(deps: AdminDeps): Handlers<typeof admin> {
  /** Refuses an account that has lost its role since its token was made. */
  const asked =
    <Asked extends { caller: OperatorCaller }, Answer>(handle: (call: Asked) => Promise<Answer>) =>
    async (call: Asked): Promise<Answer> => {
      await requireRole(deps, call.caller)
      return await handle(call)
    }
  return {
    showPlayer: asked(({ params }) => showPlayer(deps, params.who)),
    kick: asked(({ caller, params, body, operation }) =>
      kick(deps, caller, params.who, body.reason, operation),
    ),
    ban: asked(({ caller, params, body, operation }) =>
      ban(deps, caller, params.who, body, operation),
    ),
    unban: asked(({ caller, params, body, operation }) =>
      unban(deps, caller, params.who, body.reason, operation),
    ),
    setRole: asked(({ caller, params, body, operation }) =>
      setRole(deps, caller, params.who, body, operation),
    ),
    announce: asked(({ caller, params, body, operation }) =>
      announce(deps, caller, params.realmId, body, operation),
    ),
    keepAnnouncement: asked(({ caller, params, body, operation }) =>
      keepAnnouncement(deps, caller, params.realmId, body, operation),
    ),
    withdrawAnnouncement: asked(async ({ caller, params, body, operation }) => {
      await withdrawAnnouncement(deps, caller, params, body, operation)
      return {}
    }),
    maintenance: asked(({ params }) => showMaintenance(deps, params.realmId)),
    startMaintenance: asked(({ caller, params, body, operation }) =>
      startMaintenance(deps, caller, params.realmId, body, operation),
    ),
    extendMaintenance: asked(({ caller, params, body, operation }) =>
      extendMaintenance(deps, caller, params.realmId, body, operation),
    ),
    endMaintenance: asked(async ({ caller, params, body, operation }) => {
      await endMaintenance(deps, caller, params.realmId, body, operation)
      return {}
    }),
    sendMail: asked(({ caller, params, body, operation }) =>
      sendMail(deps, caller, params.realmId, body, operation),
    ),
    mailAll: asked(({ caller, params, body, operation }) =>
      mailAll(deps, caller, params.realmId, body, operation),
    ),
    withdrawMail: asked(async ({ caller, params, body, operation }) => {
      await withdrawMail(deps, caller, params, body.reason, operation)
      return {}
    }),
    fleet: asked(async () => ({ hosts: await listFleet(deps) })),
    stopHost: asked(async ({ caller, params, body, operation }) => {
      await stopHost(deps, caller, params.name, body.reason, operation)
      return {}
    }),
    instances: asked(({ params, query }) => listInstances(deps, params.realmId, query)),
    instance: asked(({ params, query }) => showInstance(deps, params.realmId, params, query)),
    openInstance: asked(({ caller, params, body, operation }) =>
      openInstance(deps, caller, params.realmId, body, operation),
    ),
    closeInstance: asked(async ({ caller, params, body, operation }) => {
      await closeInstance(deps, caller, params, body.reason, operation)
      return {}
    }),
    movePlayer: asked(({ caller, params, body, operation }) =>
      movePlayer(deps, caller, params, body, operation),
    ),
    audit: asked(({ caller, query }) => readAudit(deps.store, caller, query)),
  }
}
