// The HTTP API and the page, and the watch of changes in development.
import { join, resolve } from 'node:path'
import { game } from '#game'
import { startDev } from '../dev-reload.ts'
import type { LocalFleet } from '../fleet/local-fleet.ts'
import { createFunctions, listen } from '../functions.ts'
import type { HealthProbe } from '../health.ts'
import { followHostFaults } from '../host-faults.ts'
import { servePage } from '../page.ts'
import type { Page } from '../page.ts'
import { writeRunFile } from '../run-file.ts'
import type { Ground } from './ground.ts'
import type { Stores } from './stores.ts'

export async function startApi(
  ground: Ground,
  stores: Stores,
  fleet: LocalFleet,
  health: HealthProbe,
  served: { page: Page },
): Promise<void> {
  const { config, loaded, port, url, runtime, log, onStop } = ground
  const { store, cache, keys } = stores
  const app = createFunctions({
    store,
    cache,
    keys,
    loaded,
    fleet,
    realm: {
      realmId: config.WAYSTONE_REALM,
      name: config.WAYSTONE_REALM_NAME,
      address: url,
      state: 'open',
    },
    port,
    corsOrigins: config.WAYSTONE_CORS,
    profile: config.WAYSTONE_LIMITS,
    health: () => health.last(),
    runtime,
    log,
  })
  servePage(app, () => served.page)
  const server = await listen(app, config.HOST, port)
  onStop('functions', () => server.stop())
  const removeRunFile = writeRunFile(ground.dataDir, {
    url: ground.apiHere,
    database: stores.database,
    tablePrefix: config.WAYSTONE_TABLES,
    keyFile: resolve(stores.keyFile),
    realmId: config.WAYSTONE_REALM,
  })
  onStop('run file', removeRunFile)
}

/** With WAYSTONE_DEV: code and content are taken over when they change, and faults of hosts are shown. */
export function startDevelopment(
  { config, loaded, dataDir, runtime, log, print, onStop }: Ground,
  fleet: LocalFleet,
  served: { page: Page },
  signal: AbortSignal,
): void {
  if (!config.WAYSTONE_DEV) return
  const dev = startDev({ contentDir: game.content, loaded, served, fleet, runtime, print })
  onStop('dev', () => dev.stop())
  void followHostFaults({ folder: join(dataDir, 'logs'), print, runtime, log, signal })
}
