// The public state of a realm.
import type { Content, Zone } from '#shared/content/content.ts'
import { shownAnnouncement, shownMaintenance } from '#shared/live/bulletin.ts'
import type { Bulletin } from '#shared/live/bulletin.ts'
import { statusRememberedMs } from '#shared/limits.ts'
import { findInstances } from '#shared/ownership/card.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { Realms } from '../http/realms.ts'
import type { LoginQueue } from './login-queue/login-queue.ts'
import { remember } from '../http/remember.ts'

export type StatusDeps = {
  store: Store
  runtime: Runtime
  realms: Realms
  content: Content
  isLive: IsLive
  /** At most `bulletinFreshMs` old. */
  bulletin: (realmId: string) => Promise<Bulletin>
  loginQueue: Pick<LoginQueue, 'status'>
}

/**
 * Returns the zones of a realm with how many play there, and what stands for everybody. A host that is up counts before it has taken its
 * first player. Remembered for some seconds, so the cards are read no more often however many ask. Throws
 * realm.unknown.
 */
export function createStatus(deps: StatusDeps) {
  const queues = remember(deps.runtime.now, statusRememberedMs, deps.loginQueue.status)
  const zones = remember(deps.runtime.now, statusRememberedMs, async (realmId) => {
    return await Promise.all([...deps.content.zones.values()].map((zone) => zoneStatus(zone)))
    async function zoneStatus(zone: Zone) {
      const { id, name } = zone
      const now = deps.runtime.now()
      const cards = (await findInstances(deps.store, realmId, id)).filter(
        (card) => card.state !== 'draining' && deps.isLive(card, now),
      )
      return {
        zone: id,
        name,
        players: cards.reduce((sum, { players }) => sum + players, 0),
        capacity: cards.reduce((sum, { capacity }) => sum + capacity, 0),
        instances: cards.length,
        ...(zone.private === undefined
          ? {}
          : { membersMax: zone.capacity, difficulties: zone.private.difficulties }),
      }
    }
  })
  return async (realmId: string) => {
    const realm = deps.realms.list.find((one) => one.realmId === realmId)
    if (realm === undefined) throw new Problem('realm.unknown')
    const [found, bulletin, loginQueue] = await Promise.all([
      zones(realmId),
      deps.bulletin(realmId),
      queues(realmId),
    ])
    const now = deps.runtime.now()
    const planned = bulletin.maintenance
    const closed = planned !== undefined && planned.from <= now && now < planned.until
    return {
      realmId,
      now,
      state: closed ? ('maintenance' as const) : realm.state,
      ...shownMaintenance(planned !== undefined && now < planned.until ? planned : undefined),
      announcements: bulletin.announcements
        .filter(({ from, until }) => from <= now && now < until)
        .map(shownAnnouncement),
      zones: found,
      ...(loginQueue === undefined ? {} : { loginQueue }),
    }
  }
}
