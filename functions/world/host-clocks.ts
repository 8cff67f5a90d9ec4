// Zone hosts whose clocks are off, as parts of /health. The cards of a realm say what time it is at their hosts.
// So a healthy realm costs what its status costs, and only the leases of those that seem off are read.
import type { Fleet } from '#shared/fleet/fleet.ts'
import { clockOffMaxMs } from '#shared/limits.ts'
import { findInstances } from '#shared/ownership/card.ts'
import { clockOff, readLease } from '#shared/ownership/lease.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'

export type HostClocksDeps = {
  store: Store
  runtime: Pick<Runtime, 'now' | 'sleep'>
  fleet: Pick<Fleet, 'list'>
}

/** Leases read at most: the cards of hosts that died unseen look like those of clocks that are behind. */
const leasesMax = 16

/**
 * `clock:<name in the fleet>`, or with the boot id of a host that the fleet does not know, for each host whose
 * clock is off by more than a minute: it is not well. One trip a zone; more when a clock seems off.
 */
export async function hostClocks(
  deps: HostClocksDeps,
  realmId: string,
  zones: Iterable<string>,
): Promise<Record<string, false>> {
  const { store, runtime, fleet } = deps
  const found = await Promise.all([...zones].map((zone) => findInstances(store, realmId, zone)))
  const now = runtime.now()
  const offBy = new Map<string, number>()
  for (const { bootId, seenAt } of found.flat()) offBy.set(bootId, Math.abs(seenAt - now))
  const doubtful = [...offBy]
    .filter(([, ms]) => ms > clockOffMaxMs)
    .sort(([, a], [, b]) => a - b)
    .slice(0, leasesMax)
  const judged = await Promise.all(
    doubtful.map(async ([bootId]) => {
      const lease = await readLease(store, bootId)
      const off = lease === undefined ? undefined : await clockOff(deps, bootId, lease)
      return off === undefined ? [] : [bootId]
    }),
  )
  const off = judged.flat()
  if (off.length === 0) return {}
  const hosts = await fleet.list().catch(() => [])
  const names = new Map(hosts.map(({ bootId, name }) => [bootId, name]))
  return Object.fromEntries(off.map((id) => [`clock:${names.get(id) ?? id}`, false] as const))
}
