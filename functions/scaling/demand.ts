// How many hosts of a zone wait ahead of players. It follows from the registry and the content alone, never from what
// a caller says of his fleet: so a review that somebody forges changes no other answer.
//
// Up at once, down late: the number is the largest of the last ten minutes. A crowd that comes and goes, or a count
// that swings about a bound, takes no host away that it would ask for again a moment later. Hosts in play are not in
// it. They are slow by themselves: one gives itself back a quarter of an hour after its last player.
//
// What was seen is remembered by this process. One that has not watched for ten minutes does not know what was needed
// before, so it takes nothing away (`watched`).
import type { Content, WorldEvent, Zone } from '#shared/content/content.ts'
import { occurrenceAfter, occurrenceNow } from '#shared/content/schedule.ts'
import {
  scalingAheadMs,
  scalingEventMs,
  scalingHoldMs,
  scalingRememberedMs,
  scalingUnseenMs,
  warmAheadMs,
} from '#shared/limits.ts'
import { findCards } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { filledAt } from '#shared/ownership/listing.ts'
import type { IsLive } from '#shared/ownership/liveness.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { remember } from '../http/remember.ts'

export type DemandDeps = {
  store: Store
  runtime: Pick<Runtime, 'now'>
  content: Content
  isLive: IsLive
}

/**
 * `watched`: it has been watched for long enough that fewer hosts than before may wait. `instances`: those that
 * take players. `soon`: versions of the protocol whose instances have less room below the target than is needed before
 * one more can be open.
 */
export type Demand = {
  waiting: number
  watched: boolean
  instances: number
  soon: number[]
}

export type DemandOf = (realmId: string, zone: Zone) => Promise<Demand>

/** One look at a zone. `taken`: places of players and of those who are expected, or slots; in all, and by version. */
type Look = { at: number; taken: number; waiting: number; by: Map<number, Facts> }
type Facts = { taken: number; room: number }

/** What a zone's fleet is held to; a zone may say otherwise. */
export const hostsOf = ({ hosts }: Pick<Zone, 'hosts'>) => hosts ?? { min: 1, max: 10, ready: 1 }

/**
 * Returns the demand of a zone. The registry is read once in 5 s however many ask: four trips, side by side. Fails with
 * StoreError.
 */
export function createDemand(deps: DemandDeps): DemandOf {
  const { store, runtime, content } = deps
  const looksOf = new Map<string, Look[]>()

  async function look(realmId: string, zone: Zone): Promise<Demand> {
    const cards = await findCards(store, realmId, zone.id)
    const now = runtime.now()
    const looks = kept(looksOf.get(`${realmId}/${zone.id}`) ?? [], now)
    const { taken, room, perHost, instances, by } = factsOf(zone, cards, (card) =>
      deps.isLive(card, now),
    )
    const before = looks.find(({ at }) => now - at <= scalingAheadMs)
    const forEvents = eventPlaces(content, zone, now)
    const coming = Math.max(0, taken - (before?.taken ?? taken)) + forEvents
    const lacking = Math.ceil(Math.max(0, coming - room) / perHost)
    const lately = looks.find(({ at }) => now - at <= warmAheadMs)?.by
    const soon = [...by].flatMap(([version, facts]) => {
      const came = Math.max(0, facts.taken - (lately?.get(version)?.taken ?? facts.taken))
      // Who comes for an event comes with the version of most.
      const more = version === Math.max(...by.keys()) ? forEvents : 0
      return came + more > facts.room ? [version] : []
    })
    looks.push({ at: now, taken, waiting: hostsOf(zone).ready + lacking, by })
    looksOf.set(`${realmId}/${zone.id}`, looks)
    return {
      waiting: Math.max(...looks.map((one) => one.waiting)),
      watched: now - looks[0]!.at > scalingHoldMs,
      instances,
      soon,
    }
  }

  const remembered = remember(runtime.now, scalingRememberedMs, async (key) => {
    const [realmId = '', zoneId = ''] = key.split('/')
    return await look(realmId, content.zones.get(zoneId)!)
  })
  return async (realmId, zone) => await remembered(`${realmId}/${zone.id}`)
}

/** Those of the window, and the last one before it. None when nobody has looked for a minute, or the clock was set. */
function kept(looks: readonly Look[], now: number): Look[] {
  const last = looks.at(-1)
  if (last === undefined || Math.abs(now - last.at) > scalingUnseenMs) return []
  const first = looks.findIndex(({ at }) => now - at <= scalingHoldMs)
  return looks.slice(Math.max(0, first - 1))
}

/** Of the instances that players are sent to; of a private zone, of the slots of its hosts. */
function factsOf(zone: Zone, cards: readonly Card[], isLive: (card: Card) => boolean) {
  const kind = zone.private === undefined ? undefined : 'slots'
  const mine = cards.filter((card) => card.kind === kind && isLive(card))
  const open = mine.filter(({ state }) => state === 'open')
  const hosts = new Set(mine.map(({ bootId }) => bootId)).size
  const alone = zone.private?.perHost ?? filledAt({ capacity: zone.capacity, ...zone.fill })
  return {
    instances: open.length,
    by: new Map(
      [...new Set(open.map(({ protocol }) => protocol))].map((version): [number, Facts] => {
        const same = open.filter(({ protocol }) => protocol === version)
        return [version, { taken: sum(same, ({ count }) => count), room: roomIn(same) }]
      }),
    ),
    taken: sum(open, ({ count }) => count),
    /** Places that are free, up to where instances are filled one after the other. */
    room: roomIn(open),
    /** A host may run several instances: what those that are up have. */
    perHost: Math.max(1, hosts === 0 ? alone : sum(mine, filledAt) / hosts),
  }
}

function roomIn(cards: readonly Card[]): number {
  return sum(cards, (card) => Math.max(0, filledAt(card) - card.count))
}

/** Places for those who come for events: from some minutes before the beginning to as long after it. */
function eventPlaces({ events }: Content, zone: Zone, now: number): number {
  return sum([...events.values()], (event) => {
    const { players = 0 } = event
    const here = event.zone === undefined ? zone.private === undefined : event.zone === zone.id
    if (!here || players === 0 || !isNear(event, now)) return 0
    return zone.private === undefined ? players : Math.ceil(players / zone.capacity)
  })
}

function isNear(event: WorldEvent, now: number): boolean {
  const [on, next] = [occurrenceNow(event, now), occurrenceAfter(event, now)]
  return (
    (on !== undefined && now - on.startsAt < scalingEventMs) ||
    (next !== undefined && next.startsAt - now <= scalingEventMs)
  )
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0)
}
