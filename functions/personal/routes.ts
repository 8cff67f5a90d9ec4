import type { Handlers } from '#shared/api/endpoint.ts'
import type { personal } from '#shared/api/personal.ts'
import { requireRole } from '../admin/admin.ts'
import { erasureList } from '../auth/auth.ts'
import { readPage } from '../http/page.ts'
import { eraseOf, runErasures } from './erasing.ts'
import { exportOf, exportPart } from './personal.ts'
import type { PersonalDeps } from './personal.ts'

export function personalRoutes(deps: PersonalDeps): Handlers<typeof personal> {
  return {
    export: ({ caller, body }) => exportPart(deps, caller.accountId, body.after),
    exportOf: ({ caller, params, body, operation }) =>
      exportOf(deps, caller, params.who, body, operation),
    eraseOf: ({ caller, params, body, operation }) =>
      eraseOf(deps, caller, params.who, body, operation),
    async erasures({ caller, query }) {
      await requireRole(deps, caller)
      return await readPage(deps.store, erasureList, query)
    },
    run: ({ caller, body }) => runErasures(deps, caller, body.reason),
  }
}
