// A place for a character: in the best instance of its zone (choice.ts), or in a new host if none has room.
//
// Many players enter at once, and the transactions that take their places meet on the same card. That is
// not a full world. One that met another is repeated a moment later, then the next instance is tried.
import { jitterMs } from '#shared/backoff.ts'
import { carries, FleetError, opensZone, protocolLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Content } from '#shared/content/content.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { findInstances, nameOf, readCard } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import { judgeLease, judgeSuspect, readLease } from '#shared/ownership/lease.ts'
import { filledAt, findRoom } from '#shared/ownership/listing.ts'
import { isFresh } from '#shared/ownership/liveness.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import { hasPlace, takePlace } from '#shared/ownership/places.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { offersOf, tasteOf } from './choice.ts'
import type { Asked, Known, Offer } from './choice.ts'
import { readNeed } from './need.ts'

/** `isLive` remembers what this process has observed of cards. */
export type PlacementDeps = {
  store: Store
  runtime: Runtime
  fleet: Fleet
  isLive: IsLive
  content: Content
}

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
  asked: Asked
}

/** What this process judges of cards, now, for who asks so. */
export function judgeOf({ isLive, runtime, content }: PlacementDeps, asked: Asked) {
  const { fits, rank, enough } = tasteOf(asked, content.version)
  const now = runtime.now()
  // Each card is looked at, also one that does not fit: others are judged by what was seen of it.
  const isMeant = (card: Card) => isLive(card, now) && fits(card)
  return {
    isLive: isMeant,
    isFresh: (card: Card) => isFresh(card, now),
    rank,
    /** Where newcomers find room. */
    find: { isLive: isMeant, isFresh: (card: Card) => isFresh(card, now) && enough(card) },
  }
}

/**
 * Where newcomers of the zone may go, after those who are known to the character, and the instance where it has a place:
 * while nobody has seen that host silent, for its card looks alive to a function that reads it first. One trip, or three
 * side by side.
 */
export async function readOffers(
  deps: PlacementDeps,
  { realmId, owner, instance, state }: Guard,
  zone: string,
  asked: Asked = {},
  company: Promise<Omit<Known, 'mine'>> = Promise.resolve({}),
): Promise<Offer[]> {
  const judge = judgeOf(deps, asked)
  const reserved = state === 'reserved' || state === 'moving'
  const [mine, lease, room, { mates = [], friend }] = await Promise.all([
    reserved ? readCard(deps.store, realmId, { zone, bootId: owner, instance }) : undefined,
    reserved ? readLease(deps.store, owner) : undefined,
    findRoom(deps.store, judge.find, realmId, zone),
    company,
  ])
  const dead = judgeLease(owner, lease).dead || (lease && judgeSuspect(owner, lease).dead)
  const isOpen = (card: Card) => card.state === 'open' && judge.isLive(card)
  const known = {
    mine: mine !== undefined && isOpen(mine) && !dead ? mine : undefined,
    mates: mates.filter(isOpen),
    friend: friend !== undefined && isOpen(friend) ? friend : undefined,
  }
  return offersOf(known, room, judge)
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
    // Who met others at the best one does not follow them to the next: they would meet again at each.
    const order = round === 1 ? offers : turned(offers, jitterMs(runtime, offers.length))
    for (const offer of order) {
      const { card, limit } = offer
      const name = `${nameOf(card)}/${limit}`
      if (card.bootId === notIn || tried.has(name)) continue
      // The synthetic player takes no place, so none has to be released.
      if (synthetic) return { card, ticketExpires: until, renewed: true }
      const taken = await take(offer)
      if (taken === 'full') tried.add(name)
      else if (taken === 'conflict') met = true
      else return { card, ...taken }
      if (met && round === 1) break
    }
    if (!met) return undefined
    await runtime.sleep(jitterMs(runtime, conflictWaitMs * round))
  }
  throw new Problem('world.busy', { retryAfterS: 1 })
}

/** Those below the target begin at another one of them; all others keep their turn. */
function turned(offers: readonly Offer[], by: number): Offer[] {
  const roomy = offers.filter(({ card, limit }) => limit === filledAt(card))
  let i = 0
  return offers.map((offer) => {
    return roomy.includes(offer) ? roomy[(i++ + by) % roomy.length]! : offer
  })
}

/** The synthetic player comes in however full it is. All cards are read, in a full world and for it alone. */
async function visitFull(
  deps: PlacementDeps,
  { realmId, zone, until, notIn, asked }: Search,
): Promise<Found | undefined> {
  const { isLive } = judgeOf(deps, asked)
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

/** In an instance that opens meanwhile. It is asked for by an id that names the need (need.ts). */
async function takeNew(deps: PlacementDeps, search: Search): Promise<Found> {
  const { store, runtime, fleet } = deps
  const { realmId, zone, asked } = search
  const takeOpened = async () => {
    const judge = judgeOf(deps, asked)
    const room = await findRoom(store, judge.find, realmId, zone, { consistent: true })
    return await takeBest(deps, offersOf({}, room, judge), search)
  }
  // One that opened since the offers were read is counted in the number of the need, so it is looked for first.
  // Otherwise the need that it meets gets a second host.
  const { requestId, allowed } = await readNeed(deps, realmId, zone)
  const opened = await takeOpened()
  if (opened !== undefined) return opened
  if (!(await allowed())) return await refuse(deps, search, 2)
  const labels = {
    [zoneLabel]: zone,
    ...(asked.protocol === undefined ? {} : { [protocolLabel(asked.protocol)]: '1' }),
  }
  const beganAt = runtime.now()
  for (let polls = 0; ; polls++) {
    // After the loss of a host all its players wait here together. So the costlier requests to fleet and
    // store are sent only once a second.
    const thorough = polls % pollsASecond === 0
    const host = await fleet.allocate({ requestId, labels }).catch(fleetGone)
    if (host === undefined && thorough && !(await isComing(fleet, labels).catch(fleetGone))) {
      return await refuse(deps, search, 2)
    }
    // Any instance that has opened meanwhile will do, also one that another request had opened.
    if (host !== undefined || (thorough && polls > 0)) {
      const found = await takeOpened()
      if (found !== undefined) return found
    }
    if (runtime.now() - beganAt >= hostWaitMs) return await refuse(deps, search, 1)
    await runtime.sleep(host === undefined ? hostPollMs.starting : hostPollMs.allocated)
  }
}

/** There is no room. Where no instance speaks the version of the client, that is what it has to know. */
async function refuse(
  deps: PlacementDeps,
  { realmId, zone, asked }: Search,
  retryAfterS: number,
): Promise<never> {
  const { fits } = tasteOf(asked, deps.content.version)
  const now = deps.runtime.now()
  const cards = await findInstances(deps.store, realmId, zone)
  const open = cards.filter((card) => card.state === 'open' && deps.isLive(card, now))
  if (open.length > 0 && !open.some(fits)) throw new Problem('play.version')
  throw new Problem('world.full', { retryAfterS })
}

/** All open instances are full, and the fleet does not say whether there can be more. */
function fleetGone(cause: unknown): never {
  if (!(cause instanceof FleetError)) throw cause
  throw new Problem('world.full', { retryAfterS: 2, cause })
}

/**
 * Whether the fleet is starting a host that could be allocated, so that waiting is worth it. One that is starting has
 * not said yet which versions it speaks.
 */
async function isComing(fleet: Fleet, labels: Record<string, string>): Promise<boolean> {
  const hosts = await fleet.list()
  return hosts.some(({ state, labels: has }) => {
    if (state === 'starting') return opensZone(has, labels[zoneLabel] ?? '')
    return state === 'ready' && carries(has, labels)
  })
}
