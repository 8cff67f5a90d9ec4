// What /health says: the last result of a probe that runs in the background, so a request costs
// nothing, and a probe that hangs is seen as well. First the probe checks the parts and names those that fail.
// Then, if all are well, the synthetic player makes a visit, which measures what players feel.
import { visitMaxMs } from '#client/bots/synthetic.ts'
import type { Visit } from '#client/bots/synthetic.ts'
import type { Health } from '#functions/http/health.ts'
import { hostClocks } from '#functions/world/host-clocks.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { opensZone } from '#shared/fleet/fleet.ts'
import { findInstances } from '#shared/ownership/card.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'

export const probeEveryMs = 5000
/** The longest visit, the pause, and 2 s to check the parts. */
const staleMs = visitMaxMs + probeEveryMs + 2000

export type HealthDeps = {
  store: Store
  fleet: Pick<Fleet, 'list'>
  realmId: string
  /** Zones of the fleet that should have a host. */
  zones: string[]
  startZone: string
  /** One visit of the synthetic player; it never fails. */
  visit: () => Promise<Visit>
  runtime: Pick<Runtime, 'now' | 'sleep'>
}

export interface HealthProbe {
  /** Makes a round, or waits for the one under way. Never throws: a failure is part of the result. */
  probe(): Promise<void>
  last(): Promise<Health>
}

export function createHealthProbe(deps: HealthDeps): HealthProbe {
  let last: { at: number; checks: Record<string, boolean>; visit: Visit | undefined } | undefined
  let underWay: Promise<void> | undefined

  const zoneHosts = async (zone: string) => {
    const hosts = await deps.fleet.list()
    return hosts.filter(
      ({ labels, state }) =>
        opensZone(labels, zone) && (state === 'ready' || state === 'allocated'),
    )
  }
  const isLive = createLiveness()
  const entry = async () => {
    const instances = await findInstances(deps.store, deps.realmId, deps.startZone)
    const now = deps.runtime.now()
    if (instances.some((card) => card.state === 'open' && isLive(card, now))) return true
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

  const round = async () => {
    const [results, off] = await Promise.all([
      Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          return [name, await check().catch(() => false)] as const
        }),
      ),
      // What cannot be read is reported by the other checks.
      hostClocks(deps, deps.realmId, deps.zones).catch(() => ({})),
    ])
    const parts: Record<string, boolean> = { ...Object.fromEntries(results), ...off }
    // No visit when a part fails: the checks of the parts say more.
    const visit = Object.values(parts).every(Boolean) ? await deps.visit() : undefined
    const player = visit !== undefined && visit.failed === undefined
    last = { at: deps.runtime.now(), checks: { ...parts, player }, visit }
  }

  return {
    // One visit at a time: a second one would take the character of the first.
    probe: () => {
      underWay ??= round().finally(() => (underWay = undefined))
      return underWay
    },
    last: async () => {
      if (last === undefined) return { ok: false, checks: { probe: 'not run yet' } }
      const ageMs = deps.runtime.now() - last.at
      const fresh = ageMs <= staleMs
      const ok = fresh && Object.values(last.checks).every(Boolean)
      const visit = last.visit === undefined ? {} : { visit: last.visit }
      return { ok, checks: { ...last.checks, fresh }, ...visit }
    },
  }
}
