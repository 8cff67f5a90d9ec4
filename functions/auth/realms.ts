// The list of realms, with the maintenance that is planned for those that are served here.
import type { Realm } from '#shared/api/auth.ts'
import { bulletinFreshMs } from '#shared/limits.ts'
import { isClosed, readBulletin, shownMaintenance } from '#shared/live/bulletin.ts'
import type { Runtime } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../http/realms.ts'
import { remember } from '../http/remember.ts'

/** Remembered for some seconds. While the store does not answer, the list is as it is configured. */
export function createRealmsNow(deps: {
  store: Store
  runtime: Runtime
  realms: Realms
}): () => Promise<Realm[]> {
  const { store, runtime, realms } = deps
  const planned = remember(runtime.now, bulletinFreshMs, async (realmId) => {
    return (await readBulletin(store, realmId, runtime.now())).maintenance
  })

  async function asItIs(realm: Realm): Promise<Realm> {
    if (!realms.here.has(realm.realmId)) return realm
    try {
      const maintenance = await planned(realm.realmId)
      if (maintenance === undefined || maintenance.until <= runtime.now()) return realm
      const state = isClosed(maintenance, runtime.now(), undefined) ? 'maintenance' : realm.state
      return { ...realm, state, ...shownMaintenance(maintenance) }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return realm
    }
  }

  return async () => await Promise.all(realms.list.map(asItIs))
}
