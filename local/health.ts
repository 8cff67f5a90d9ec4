// What /health says: the last result of a probe that runs in the background, so that asking costs
// nothing and a probe that hangs shows as well.
import type { Health } from '#functions/app.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { findInstances } from '#shared/ownership/places.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'

export const probeEveryMs = 5000
/** Three probes that did not end. */
const staleMs = 15_000
/** A host writes its instances every 4 s; one silent for three of these takes nobody. */
const silentMs = 12_000

export type HealthDeps = {
  store: Store
  fleet: Pick<Fleet, 'list'>
  realmId: string
  /** Zones of the fleet that should have a host. */
  zones: string[]
  startZone: string
  runtime: Pick<Runtime, 'now'>
}

export interface HealthProbe {
  /** One round. Never fails: what fails is the result. */
  probe(): Promise<void>
  last(): Promise<Health>
}

export function createHealthProbe(deps: HealthDeps): HealthProbe {
  let last: { at: number; checks: Record<string, boolean> } | undefined

  const zoneHosts = async (zone: string) => {
    const hosts = await deps.fleet.list()
    return hosts.filter(
      ({ labels, state }) =>
        labels[zoneLabel] === zone && (state === 'ready' || state === 'allocated'),
    )
  }
  const entry = async () => {
    const instances = await findInstances(deps.store, deps.realmId, deps.startZone)
    const since = deps.runtime.now() - silentMs
    if (instances.some(({ state, seenAt }) => state === 'open' && seenAt >= since)) return true
    return (await zoneHosts(deps.startZone)).some(({ state }) => state === 'ready')
  }
  const checks: Record<string, () => Promise<boolean>> = {
    store: async () => {
      await deps.store.get({ table: 'core', key: { pk: 'HEALTH', sk: 'HEALTH' }, consistent: true })
      return true
    },
    entry,
    ...Object.fromEntries(
      deps.zones.map((zone) => [`zone:${zone}`, async () => (await zoneHosts(zone)).length > 0]),
    ),
  }

  return {
    probe: async () => {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          return [name, await check().catch(() => false)] as const
        }),
      )
      last = { at: deps.runtime.now(), checks: Object.fromEntries(results) }
    },
    last: async () => {
      if (last === undefined) return { ok: false, checks: { probe: 'not run yet' } }
      const ageMs = deps.runtime.now() - last.at
      const fresh = ageMs <= staleMs
      const ok = fresh && Object.values(last.checks).every(Boolean)
      return { ok, checks: { ...last.checks, fresh } }
    },
  }
}
