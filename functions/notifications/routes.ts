import type { Handlers } from '#shared/api/endpoint.ts'
import type { notifications } from '#shared/api/notifications.ts'
import { readMailbox } from '#shared/notifications/mailbox.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { readCursor, writeCursor } from '../http/page.ts'

const list = 'notifications.list'

export function notificationRoutes(deps: {
  store: Store
  runtime: Runtime
}): Handlers<typeof notifications> {
  return {
    /** One trip. */
    async list({ params, query, caller }) {
      const player = { realmId: params.realmId, accountId: caller.accountId }
      const { entries, next, since } = await readMailbox(deps.store, player, {
        after: query.after === undefined ? undefined : readCursor(list, query.after),
        limit: query.limit,
        now: deps.runtime.now(),
      })
      return {
        entries,
        ...(next === undefined ? {} : { next: writeCursor(list, next) }),
        ...(since === undefined ? {} : { since: writeCursor(list, since) }),
      }
    },
  }
}
