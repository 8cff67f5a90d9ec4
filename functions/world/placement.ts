// A place for a character: in the best instance of its zone, or in a new host if none has room.
//
// Many players enter at once, and the transactions that take their places meet on the same card. That is
// not a full world. One that met another is repeated a moment later, then the next instance is tried.
import { jitterMs } from '#shared/backoff.ts'
import { FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { findInstances, nameOf, readCard } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import { judgeLease, judgeSuspect, readLease } from '#shared/ownership/lease.ts'
import { findRoom, readOpened } from '#shared/ownership/listing.ts'
import { isFresh } from '#shared/ownership/liveness.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import { hasPlace, takePlace } from '#shared/ownership/places.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { isSame, offersOf } from './choice.ts'
import { noMates } from './mates.ts'
import type { Mates } from './mates.ts'
import type { Offer } from './choice.ts'

/** `isLive` remembers what this process has observed of cards. */
export type PlacementDeps = { store: Store; runtime: Runtime; fleet: Fleet; isLive: IsLive }

/**
 * How long `enter` waits for a host that is on its way. A zone host is Ready within 2 s on a busy
 * machine and opens within 100 ms of its allocation; the client gives a request 10 s.
 */
export const hostWaitMs = 4000
/** How often it polls for a host that is starting, and for one that is allocated and opens, ms. */
export const hostPollMs = { starting: 250, allocated: 100 }
const pollsASecond = 4
/** How often a place is asked for in one instance, and in all of them, while others change the same card. */
const conflictTries = 3
const conflictRounds = 4
const conflictWaitMs = 25

/** Until when it is held, Unix ms. `renewed`: the character had that place already. */
export type Found = { card: Card; ticketExpires: number; renewed: boolean }

/** What the search for a place needs. */
export type Search = {
  realmId: string
  zone: string
  characterId: string
  /** Unix ms. */
  until: number
  /** A dead host, whose cards may not show it yet. */
  notIn: string | undefined
  /** Instances that were full up to a limit. */
  tried: Set<string>
  /** The synthetic player takes no place. */
  synthetic: boolean
}

/** What this process judges of cards, now. */
export function judgeOf({ isLive, runtime }: PlacementDeps) {
  return {
    isLive: (card: Card) => isLive(card, runtime.now()),
    isFresh: (card: Card) => isFresh(card, runtime.now()),
  }
}

/**
 * Where newcomers of the zone may go, after the instance where the character has a place, and those of its party: while nobody has seen
 * that host silent, for its card looks alive to a function that reads it first. One trip, or three side by side.
 */
export async function readOffers(
  deps: PlacementDeps,
  { realmId, owner, instance, state }: Guard,
  zone: string,
  withMates: Promise<Mates> = Promise.resolve(noMates),
): Promise<Offer[]> {
  const judge = judgeOf(deps)
  const reserved = state === 'reserved' || state === 'moving'
  const [mine, lease, room, { here }] = await Promise.all([
    reserved ? readCard(deps.store, realmId, { zone, bootId: owner, instance }) : undefined,
    reserved ? readLease(deps.store, owner) : undefined,
    findRoom(deps.store, judge, realmId, zone),
    withMates,
  ])
  const dead = judgeLease(owner, lease).dead || (lease && judgeSuspect(owner, lease).dead)
  const isOpen = (card: Card) => card.state === 'open' && judge.isLive(card)
  const kept = mine !== undefined && isOpen(mine) && !dead ? mine : undefined
  const mates = here.filter((card) => isOpen(card) && !(kept && isSame(card, kept)))
  return offersOf(kept, mates, room, judge.isFresh)
}

/**
 * A place in the best instance with room, in a new host if there is none. Throws world.full, and world.busy
 * when others are faster again and again.
 */
export async function findPlace(
  deps: PlacementDeps,
  offers: readonly Offer[],
  search: Search,
): Promise<Found> {
  const found = await takeBest(deps, offers, search)
  if (found !== undefined) return found
  return (
    (search.synthetic ? await visitFull(deps, search) : undefined) ?? (await takeNew(deps, search))
  )
}

async function takeBest(
  { store, runtime }: PlacementDeps,
  offers: readonly Offer[],
  { realmId, characterId, until, notIn, tried, synthetic }: Search,
): Promise<Found | undefined> {
  const take = async ({ card, limit }: Offer) => {
    if (limit === 0 && !(await hasPlace(store, realmId, card, characterId))) return 'full'
    for (let tries = 1; ; tries++) {
      const taken = await takePlace(store, realmId, card, characterId, until, limit)
      if (taken !== 'conflict' || tries === conflictTries) return taken
      await runtime.sleep(jitterMs(runtime, conflictWaitMs))
    }
  }
  for (let round = 1; round <= conflictRounds; round++) {
    let met = false
    for (const offer of offers) {
      const { card, limit } = offer
      const name = `${nameOf(card)}/${limit}`
      if (card.bootId === notIn || tried.has(name)) continue
      // The synthetic player takes no place, so none has to be released.
      if (synthetic) return { card, ticketExpires: until, renewed: true }
      const taken = await take(offer)
      if (taken === 'full') tried.add(name)
      else if (taken === 'conflict') met = true
      else return { card, ...taken }
    }
    if (!met) return undefined
    await runtime.sleep(jitterMs(runtime, conflictWaitMs * round))
  }
  throw new Problem('world.busy', { retryAfterS: 1 })
}

/** The synthetic player comes in however full it is. All cards are read, in a full world and for it alone. */
async function visitFull(
  deps: PlacementDeps,
  { realmId, zone, until, notIn }: Search,
): Promise<Found | undefined> {
  const { isLive } = judgeOf(deps)
  const cards = await findInstances(deps.store, realmId, zone)
  const card = cards.find((one) => {
    return one.state === 'open' && one.bootId !== notIn && isLive(one)
  })
  return card === undefined ? undefined : { card, ticketExpires: until, renewed: true }
}

/** A place in one instance, up to the last; undefined when it is full. Throws world.busy. */
export async function takeIn(
  deps: PlacementDeps,
  card: Card,
  search: Search,
): Promise<Found | undefined> {
  return await takeBest(deps, [{ card, limit: card.capacity }], search)
}

/** A place for a member of a private instance. Throws world.full and world.busy. */
export async function takeMember(deps: PlacementDeps, card: Card, search: Search): Promise<Found> {
  const found = await takeIn(deps, card, search)
  if (found === undefined) throw new Problem('world.full', { retryAfterS: 2 })
  return found
}

/** In an instance that opens meanwhile. It is asked for by an id that names the need. */
async function takeNew(deps: PlacementDeps, search: Search): Promise<Found> {
  const { store, runtime, fleet } = deps
  const { realmId, zone } = search
  const takeOpened = async () => {
    const judge = judgeOf(deps)
    const room = await findRoom(store, judge, realmId, zone, { consistent: true })
    return await takeBest(deps, offersOf(undefined, [], room, judge.isFresh), search)
  }
  // Until one more instance has opened, every request for it gets the same new host, at any time and any
  // number of times. The number counts instances whose copies are written. One that opened since the offers
  // were read is counted too, so it is looked for first. Otherwise the need that it meets gets a second host.
  const requestId = `${realmId}/${zone}/${await readOpened(store, realmId, zone)}`
  const opened = await takeOpened()
  if (opened !== undefined) return opened
  const labels = { [zoneLabel]: zone }
  const beganAt = runtime.now()
  for (let polls = 0; ; polls++) {
    // After the loss of a host all its players wait here together. So the costlier requests to fleet and
    // store are sent only once a second.
    const thorough = polls % pollsASecond === 0
    const host = await fleet.allocate({ requestId, labels }).catch(fleetGone)
    if (host === undefined && thorough && !(await isComing(fleet, labels).catch(fleetGone))) {
      throw new Problem('world.full', { retryAfterS: 2 })
    }
    // Any instance that has opened meanwhile will do, also one that another request had opened.
    if (host !== undefined || (thorough && polls > 0)) {
      const found = await takeOpened()
      if (found !== undefined) return found
    }
    if (runtime.now() - beganAt >= hostWaitMs) throw new Problem('world.full', { retryAfterS: 1 })
    await runtime.sleep(host === undefined ? hostPollMs.starting : hostPollMs.allocated)
  }
}

/** All open instances are full, and the fleet does not say whether there can be more. */
function fleetGone(cause: unknown): never {
  if (!(cause instanceof FleetError)) throw cause
  throw new Problem('world.full', { retryAfterS: 2, cause })
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
