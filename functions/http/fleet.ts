// The fleet of functions, from their environment.
import { readFile } from 'node:fs/promises'
import type { Config } from '#shared/config.ts'
import { createAgonesFleet } from '#shared/fleet/agones.ts'
import type { AgonesFleetOptions } from '#shared/fleet/agones.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { createStaticFleet } from '#shared/fleet/static.ts'

type FleetParts = Pick<AgonesFleetOptions, 'store' | 'runtime' | 'log'> & {
  config: Pick<
    Config,
    'WAYSTONE_AGONES_URL' | 'WAYSTONE_AGONES_NAMESPACE' | 'WAYSTONE_AGONES_TOKEN_FILE'
  >
}

/** Agones where its cluster is named; else the hosts that are open are all there is. */
export function openFleet({ config, store, runtime, log }: FleetParts): Fleet {
  const url = config.WAYSTONE_AGONES_URL
  if (url === undefined) return createStaticFleet()
  return createAgonesFleet({
    url,
    namespace: config.WAYSTONE_AGONES_NAMESPACE,
    // Kubernetes replaces the file every hour.
    token: async () => (await readFile(config.WAYSTONE_AGONES_TOKEN_FILE, 'utf8')).trim(),
    store,
    runtime,
    log,
  })
}
