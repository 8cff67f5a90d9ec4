import type { Handlers, OperatorCaller, PlayerCaller } from '#shared/api/endpoint.ts'
import type { AppealCase, moderation } from '#shared/api/moderation.ts'
import { requireRole } from '../admin/admin.ts'
import { readPage } from '../http/page.ts'
import { appeal, decide, decideAppeal, mute, unmute } from './deciding.ts'
import type { DecideDeps } from './deciding.ts'
import { listReports, report, showReport } from './reports.ts'
import type { ReportDeps } from './reports.ts'
import { appealsIn, readSanction, sanctionsOf } from './store.ts'

export function moderationRoutes(deps: ReportDeps & DecideDeps): Handlers<typeof moderation> {
  const { store, runtime } = deps
  /** Refuses an account that has lost its role since its token was made. */
  const asked =
    <Asked extends { caller: OperatorCaller }, Answer>(handle: (call: Asked) => Promise<Answer>) =>
    async (call: Asked): Promise<Answer> => {
      await requireRole(deps, call.caller)
      return await handle(call)
    }
  return {
    async report({ params, body, caller, operation }) {
      const { as: characterId, what, rule, note } = body
      const by = { ...playerIn(params, caller), characterId }
      return await report(deps, by, { what, rule, note }, operation)
    },
    sanctions: async ({ params, query, caller }) =>
      await readPage(store, sanctionsOf(playerIn(params, caller)), query),
    appeal: async ({ params, body, caller, operation }) =>
      await appeal(deps, playerIn(params, caller), params.sanctionId, body.text, operation),
    reports: asked(({ params, query }) => listReports(deps, params.realmId, query)),
    showReport: asked(({ params }) => showReport(deps, params.realmId, params.reportId)),
    decide: asked(({ params, body, caller, operation }) =>
      decide(deps, caller, params, body, operation),
    ),
    mute: asked(({ params, body, caller, operation }) =>
      mute(deps, caller, params, body, operation),
    ),
    unmute: asked(({ params, body, caller, operation }) =>
      unmute(deps, caller, params, body.reason, operation),
    ),
    appeals: asked(async ({ params, query }) => {
      const { realmId } = params
      const { entries, ...more } = await readPage(store, appealsIn(realmId, query.state), query)
      const cases = await Promise.all(
        entries.map(async ({ playerId, sanctionId }): Promise<AppealCase[]> => {
          const of = { realmId, accountId: playerId }
          const sanction = await readSanction(store, of, sanctionId, runtime.now())
          return sanction === undefined ? [] : [{ playerId, sanction }]
        }),
      )
      return { entries: cases.flat(), ...more }
    }),
    decideAppeal: asked(({ params, body, caller, operation }) =>
      decideAppeal(deps, caller, params, body, operation),
    ),
  }
}

function playerIn({ realmId }: { realmId: string }, { accountId }: PlayerCaller) {
  return { realmId, accountId }
}
