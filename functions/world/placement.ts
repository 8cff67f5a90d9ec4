// A place for a character: in the best running copy of its zone, or in a new host if none has room.
import { FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { findInstances, takePlace } from '#shared/ownership/places.ts'
import type { InstanceEntry } from '#shared/ownership/places.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { instancesByChoice } from './choice.ts'

export type PlacementDeps = { store: Store; runtime: Runtime; fleet: Fleet }

/**
 * How long `enter` waits for a host that is on its way. A zone host is Ready within 2 s on a busy
 * machine and opens within 100 ms of its allocation; the client gives a request 10 s.
 */
const hostWaitMs = 4000
/** How often it looks for one that is starting, and for one that is allocated and opens. */
const hostLookMs = { starting: 250, allocated: 100 }
const looksASecond = 4

/** Until when it is held, Unix ms. `renewed`: the character had that place already. */
type Found = { place: InstanceEntry; ticketExpires: number; renewed: boolean }

/** What a place is looked for with. */
type Search = {
  realmId: string
  zone: string
  characterId: string
  /** Unix ms. */
  until: number
  /** A dead host, whose rows may not show it yet. */
  notIn: string | undefined
  tried: Set<string>
  synthetic: boolean
}

/** A place in the best instance with room, in a new host if there is none, or `world.full`. */
export async function findPlace(
  deps: PlacementDeps,
  copies: InstanceEntry[],
  { realmId, zone, characterId, until, notIn, tried, synthetic }: Search,
): Promise<Found> {
  const { store, runtime, fleet } = deps
  const openOf = (entries: InstanceEntry[]) =>
    entries.filter((entry) => entry.state === 'open' && entry.bootId !== notIn)
  const take = async (entries: InstanceEntry[]): Promise<Found | undefined> => {
    for (const { entry, limit } of instancesByChoice(entries, runtime.now(), characterId)) {
      const name = nameOf(entry)
      if (tried.has(name)) continue
      // Nothing to give back: it takes none.
      if (synthetic) return { place: entry, ticketExpires: until, renewed: true }
      const taken = await takePlace(store, realmId, entry, characterId, until, limit)
      if (taken !== 'full') return { place: entry, ...taken }
      tried.add(name)
    }
    return undefined
  }
  const place = await take(openOf(copies))
  if (place !== undefined) return place

  // The id names the need: as long as the same instances are open, everybody who asks gets the same
  // new host, however often and at whatever time he asks. A dead one counts until its rows are gone:
  // its fleet may still give it for the need that it once met.
  const open = copies.filter(({ state }) => state === 'open')
  const known = open.map(nameOf).sort().join(',')
  const labels = { [zoneLabel]: zone }
  const requestId = `${realmId}/${zone}/${known}`
  const beganAt = runtime.now()
  for (let looks = 0; ; looks++) {
    const host = await fleet.allocate({ requestId, labels }).catch(fleetGone)
    // All who lost a host wait here together: what costs fleet and store more is asked each second.
    const thorough = looks % looksASecond === 0
    if (host === undefined && thorough && !(await isComing(fleet, labels).catch(fleetGone))) {
      throw new Problem('world.full', { retryAfterS: 2 })
    }
    // Any copy that has opened meanwhile will do, whoever had it opened.
    if (host !== undefined || thorough) {
      const found = await take(openOf(await findInstances(store, realmId, zone)))
      if (found !== undefined) return found
    }
    if (runtime.now() - beganAt >= hostWaitMs) throw new Problem('world.full', { retryAfterS: 1 })
    await runtime.sleep(host === undefined ? hostLookMs.starting : hostLookMs.allocated)
  }
}

/** What is open is full, and whether there could be more is not known. */
function fleetGone(cause: unknown): never {
  if (!(cause instanceof FleetError)) throw cause
  throw new Problem('world.full', { retryAfterS: 2, cause })
}

function nameOf(entry: InstanceEntry): string {
  return `${entry.bootId}/${entry.instance}`
}

/** Whether the fleet is starting a host that could be allocated, so that waiting is worth it. */
async function isComing(fleet: Fleet, labels: Record<string, string>): Promise<boolean> {
  const hosts = await fleet.list()
  return hosts.some(
    ({ state, labels: has }) =>
      (state === 'starting' || state === 'ready') &&
      Object.entries(labels).every(([key, value]) => has[key] === value),
  )
}
