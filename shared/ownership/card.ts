// The card of an instance: where it is, and how full. Placement, /status, health and operators read cards
// and nothing else of an instance. A card takes at most 300 bytes, with any number of players.
//
//   R#<realm>#Z#<zone>#<shard>   <boot id>#<instance>           the card
//   R#<realm>#Z#<zone>#ROOM      <order>#<boot id>#<instance>   its copy, while newcomers may be sent there
//   R#<realm>#Z#<zone>#OPENED    OPENED                         how often an instance of the zone has opened
//
// The card is the truth: the transaction that takes a place counts there (places.ts). The copy is a hint.
// Its key begins with the order in which instances are to be filled, so one short query finds the best of
// a thousand. Its host writes it with every checkpoint, so it is 4 s old at most. A wrong copy costs one
// attempt: the card refuses.
//
// Why a late write does no harm: a host numbers its heartbeats. A heartbeat changes a card or a copy only when its
// number is higher than the one that stands there. A copy that lands late under a former order is not
// renewed. It counts as silent after 12 s, and the hosts of the zone delete it in the end.
import {
  clockSlackMs,
  hostRowsKeptMs,
  instanceClosedPercent,
  instanceFillPercent,
  instanceLongGoneMs,
  instanceSilentMs,
  cardsKnownMax,
  zoneShards,
} from '../limits.ts'
import { expiresAt, StoreError } from '../store/store.ts'
import type { Item, Key, Page, Query, Store } from '../store/store.ts'

export type InstanceState = 'ready' | 'open' | 'draining'

/** Names an instance within its realm. */
export type InstanceRef = { zone: string; bootId: string; instance: string }

export type Card = InstanceRef & {
  address: string
  protocol: number
  state: InstanceState
  capacity: number
  /** Places that are taken. */
  count: number
  /** How many players are in the instance, as its host counts them. */
  players: number
  /** When its host last wrote it, Unix ms by the host's clock. For placement only, never for ownership. */
  seenAt: number
  /** Number of the host's last heartbeat. */
  heartbeat: number
  /** How many places have come and gone. */
  changes: number
}

function zonePartition(realmId: string, zone: string): string {
  return `R#${realmId}#Z#${zone}`
}

/** Boot ids end with random digits, so the cards of a zone spread evenly. */
function shardOf(bootId: string): number {
  let sum = 0
  for (const unit of bootId) sum += unit.codePointAt(0)!
  return sum % zoneShards
}

export function cardKey(realmId: string, { zone, bootId, instance }: InstanceRef): Key {
  return {
    pk: `${zonePartition(realmId, zone)}#${shardOf(bootId)}`,
    sk: `${bootId}#${instance}`,
  }
}

function roomPartition(realmId: string, zone: string): string {
  return `${zonePartition(realmId, zone)}#ROOM`
}

/** Up to how many places newcomers are sent there; the rest is for players who come back. */
export function closedAt(capacity: number): number {
  return Math.max(1, Math.floor((capacity * instanceClosedPercent) / 100))
}

/** Up to how many places instances are filled one after the other. */
export function filledAt(capacity: number): number {
  return Math.min(closedAt(capacity), Math.ceil((capacity * instanceFillPercent) / 100))
}

/** Steps in which the order of copies says how full they are. */
const roomySteps = 16
const tightSteps = 4

/** Where the copy stands among those of its zone: the fullest below 80 % first, then the emptiest. */
function orderOf({ count, capacity }: Pick<Card, 'count' | 'capacity'>): string {
  const [filled, closed] = [filledAt(capacity), closedAt(capacity)]
  const order =
    count < filled
      ? Math.floor(((filled - 1 - count) * roomySteps) / filled)
      : roomySteps + Math.floor(((count - filled) * tightSteps) / (closed - filled))
  return String(order).padStart(2, '0')
}

/** The key of the copy; undefined when placement may send no newcomer there. */
function copyKey(realmId: string, card: Card): Key | undefined {
  if (card.state !== 'open' || card.count >= closedAt(card.capacity)) return undefined
  const { bootId, instance } = card
  return {
    pk: roomPartition(realmId, card.zone),
    sk: `${orderOf(card)}#${bootId}#${instance}`,
  }
}

function itemOf(key: Key, now: number, card: Card): Item {
  const { address, protocol, state, capacity, count, players, seenAt, heartbeat, changes } = card
  const written = { address, protocol, state, capacity, count, players, seenAt, heartbeat, changes }
  return { ...key, v: 1, ...written, expires: expiresAt(now + hostRowsKeptMs) }
}

function parseCard(zone: string, item: Item): Card {
  const [bootId, instance] = item.sk.split('#').slice(-2) as [string, string]
  return {
    zone,
    bootId,
    instance,
    address: item['address'] as string,
    protocol: item['protocol'] as number,
    state: item['state'] as InstanceState,
    capacity: item['capacity'] as number,
    count: item['count'] as number,
    players: item['players'] as number,
    seenAt: item['seenAt'] as number,
    heartbeat: item['heartbeat'] as number,
    changes: item['changes'] as number,
  }
}

/** Whether the host of a card still writes it. `now`: the reader's clock, Unix ms. */
export type IsLive = (card: Card, now: number) => boolean

/**
 * Judges cards by what this process has observed of them. A card whose heartbeat has not risen for 12 s is
 * silent. At its first sight only the host's clock says when it was written, so it is judged with slack. Later
 * the host's clock decides nothing: two times of one host are compared with each other alone.
 */
export function createLiveness(): IsLive {
  const known = new Map<string, Pick<Card, 'heartbeat' | 'seenAt'> & { since: number }>()
  return (card, now) => {
    const { heartbeat, seenAt } = card
    const name = nameOf(card)
    const before = known.get(name)
    if (before === undefined || heartbeat > before.heartbeat) {
      const silent = before === undefined && now - seenAt > instanceSilentMs + clockSlackMs
      known.delete(name)
      known.set(name, { heartbeat, seenAt, since: silent ? Number.NEGATIVE_INFINITY : now })
      if (known.size > cardsKnownMax) known.delete(known.keys().next().value!)
      return !silent
    }
    // The reader's clock may have been set back.
    before.since = Math.min(before.since, now)
    return now - before.since + Math.max(0, before.seenAt - seenAt) <= instanceSilentMs
  }
}

/** Writes the card of a new instance, and its copy if it is open. Fails with `condition` when it is not new. */
export async function openInstance(
  store: Store,
  now: number,
  realmId: string,
  entry: Omit<Card, 'count' | 'players' | 'seenAt' | 'heartbeat' | 'changes'>,
): Promise<void> {
  const card = { ...entry, count: 0, players: 0, seenAt: now, heartbeat: 0, changes: 0 }
  await store.put({
    table: 'volatile',
    condition: 'attribute_not_exists(pk)',
    item: itemOf(cardKey(realmId, entry), now, card),
  })
  await writeCopy(store, now, realmId, card)
}

/**
 * The host's word on its instance: it is alive, in that state, with so many players in it. `number` rises
 * with every call. One trip; undefined when the card is not there.
 */
export async function renewCard(
  store: Store,
  now: number,
  realmId: string,
  ref: InstanceRef,
  { state, players, number }: { state: InstanceState; players: number; number: number },
): Promise<Card | undefined> {
  try {
    const item = await store.update({
      table: 'volatile',
      key: cardKey(realmId, ref),
      update:
        'SET seenAt = :now, #state = :state, players = :players, heartbeat = :heartbeat, expires = :expires',
      condition: 'attribute_exists(pk) AND heartbeat < :heartbeat',
      names: { '#state': 'state' },
      values: {
        ':now': now,
        ':state': state,
        ':players': players,
        ':heartbeat': number,
        ':expires': expiresAt(now + hostRowsKeptMs),
      },
    })
    return parseCard(ref.zone, item)
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    const item = error.items[0]
    return item === undefined ? undefined : parseCard(ref.zone, item)
  }
}

/**
 * Writes the copy of a card where it belongs and answers its key; undefined when newcomers are not to find
 * it. `before`: where the last one stands, which is deleted if that is elsewhere. One or two trips.
 */
export async function writeCopy(
  store: Store,
  now: number,
  realmId: string,
  card: Card,
  before?: Key,
): Promise<Key | undefined> {
  const key = copyKey(realmId, card)
  if (key !== undefined) {
    try {
      await store.put({
        table: 'volatile',
        condition: 'attribute_not_exists(pk) OR heartbeat < :heartbeat',
        values: { ':heartbeat': card.heartbeat },
        item: itemOf(key, now, card),
      })
    } catch (error) {
      // A later one stands there.
      if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    }
  }
  if (before !== undefined && before.sk !== key?.sk) {
    await store.delete({ table: 'volatile', key: before })
  }
  return key
}

/** One card; undefined when there is none. One trip, strong. */
export async function readCard(
  store: Store,
  realmId: string,
  ref: InstanceRef,
): Promise<Card | undefined> {
  const key = cardKey(realmId, ref)
  const item = await store.get({ table: 'volatile', key, consistent: true })
  return item === undefined ? undefined : parseCard(ref.zone, item)
}

/** The cards of all instances of a zone, in the order of boot ids. A trip a shard, side by side, and more for more than a megabyte. */
export async function findInstances(store: Store, realmId: string, zone: string): Promise<Card[]> {
  const shards = Array.from({ length: zoneShards }, async (_, shard) => {
    const cards: Card[] = []
    for await (const page of pages(store, `${zonePartition(realmId, zone)}#${shard}`)) {
      for (const item of page.items) cards.push(parseCard(zone, item))
    }
    return cards
  })
  const found = (await Promise.all(shards)).flat()
  return found.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

async function* pages(store: Store, pk: string, more: Partial<Query> = {}): AsyncGenerator<Page> {
  let after: Key | undefined
  do {
    const page = await store.query({
      table: 'volatile',
      keyCondition: 'pk = :pk',
      ...more,
      values: { ':pk': pk, ...more.values },
      ...(after === undefined ? {} : { after }),
    })
    yield page
    after = page.next
  } while (after !== undefined)
}

export function nameOf({ bootId, instance }: InstanceRef): string {
  return `${bootId}/${instance}`
}

/** Copies read at once: two pages of 4 KB, so one read unit. */
const roomPage = 24
/** Pages read at most. More than one is needed where the hosts of many have ended unseen a short time ago. */
const roomPagesMax = 6
/** So many that speak are enough to choose from. */
const roomEnough = 8

/**
 * Instances of a zone with room for newcomers, in the order in which they are to be filled: the fullest
 * below 80 %, then the emptiest. Not all of them: enough to choose from. One trip, nearly always, and one
 * read unit; six at most. `consistent` costs twice that, and sees every copy that is written.
 */
export async function findRoom(
  store: Store,
  isLive: (card: Card) => boolean,
  realmId: string,
  zone: string,
  { consistent = false }: { consistent?: boolean } = {},
): Promise<Card[]> {
  const found = new Map<string, Card>()
  let read = 0
  const more = { limit: roomPage, consistent }
  for await (const page of pages(store, roomPartition(realmId, zone), more)) {
    for (const item of page.items) {
      const card = parseCard(zone, item)
      const other = found.get(nameOf(card))
      if (isLive(card) && card.heartbeat >= (other?.heartbeat ?? 0)) found.set(nameOf(card), card)
    }
    if (found.size >= roomEnough || ++read === roomPagesMax) break
  }
  const all = [...found.values()]
  const roomy = all.filter((card) => !isTight(card))
  const tight = all.filter(isTight)
  roomy.sort((a, b) => fillOf(b) - fillOf(a))
  tight.sort((a, b) => fillOf(a) - fillOf(b))
  return [...roomy, ...tight]
}

function fillOf({ count, capacity }: Card): number {
  return count / capacity
}

function isTight({ count, capacity }: Card): boolean {
  return count >= filledAt(capacity)
}

/**
 * Deletes copies at the head of the listing that were not renewed for `instanceLongGoneMs`. Safe at any time:
 * hosts write theirs again.
 */
export async function sweepRoom(
  store: Store,
  now: number,
  realmId: string,
  zone: string,
): Promise<void> {
  const page = await store.query({
    table: 'volatile',
    keyCondition: 'pk = :pk',
    values: { ':pk': roomPartition(realmId, zone) },
    limit: roomPage,
  })
  const gone = page.items.filter((item) => now - (item['seenAt'] as number) > instanceLongGoneMs)
  await Promise.all(
    gone.map(async ({ pk, sk, heartbeat }) => {
      try {
        await store.delete({
          table: 'volatile',
          key: { pk, sk },
          condition: 'heartbeat = :heartbeat',
          values: { ':heartbeat': heartbeat! },
        })
      } catch (error) {
        if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
      }
    }),
  )
}

/** Removes the card of an instance whose host has ended, and its copies. */
export async function removeCard(store: Store, realmId: string, ref: InstanceRef): Promise<void> {
  await store.delete({ table: 'volatile', key: cardKey(realmId, ref) })
  await removeCopies(store, realmId, ref)
}

/** Newcomers find the instance no more. A host that lives writes its copy again with its next checkpoint. */
export async function removeCopies(store: Store, realmId: string, ref: InstanceRef): Promise<void> {
  const suffix = `#${ref.bootId}#${ref.instance}`
  for await (const page of pages(store, roomPartition(realmId, ref.zone))) {
    for (const { pk, sk } of page.items) {
      if (sk.endsWith(suffix)) await store.delete({ table: 'volatile', key: { pk, sk } })
    }
  }
}

function openedKey(realmId: string, zone: string): Key {
  return { pk: `${zonePartition(realmId, zone)}#OPENED`, sk: 'OPENED' }
}

/**
 * Counts that an instance has opened. It comes after the copy: who reads the new number finds the instance.
 * The row never expires. A number that came back would name a need that was met.
 */
export async function countOpened(store: Store, realmId: string, zone: string): Promise<void> {
  await store.update({
    table: 'volatile',
    key: openedKey(realmId, zone),
    update: 'SET opened = if_not_exists(opened, :zero) + :one',
    values: { ':zero': 0, ':one': 1 },
  })
}

/** How often an instance of the zone has opened: a number that names the need of one more. One trip, strong. */
export async function readOpened(store: Store, realmId: string, zone: string): Promise<number> {
  const key = openedKey(realmId, zone)
  const row = await store.get({ table: 'volatile', key, consistent: true })
  return (row?.['opened'] as number | undefined) ?? 0
}
