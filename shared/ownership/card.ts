// The card of an instance: where it is, and how full. Placement, /status, health and operators read cards
// and nothing else of an instance. A card takes at most 300 bytes, with any number of players.
//
//   R#<realm>#Z#<zone>#<shard>   <boot id>#<instance>
//
// The card is the truth: the transaction that takes a place counts there (places.ts). Copies of it are
// listed for newcomers (listing.ts).
//
// Why a late write does no harm: a host numbers its heartbeats. A heartbeat changes a card or a copy only when
// its number is higher than the one that stands there.
import * as z from 'zod'
import { hostRowsKeptMs, zoneShards } from '../limits.ts'
import { readRow } from '../store/row.ts'
import { expiresAt, StoreError } from '../store/store.ts'
import type { Item, Key, Page, Query, Store } from '../store/store.ts'

/** Names an instance within its realm. */
export type InstanceRef = { zone: string; bootId: string; instance: string }

// A page of 24 cards takes 14 µs to read by it, against 5 µs without a check. The request for the page takes
// some milliseconds.
const cardRow = z.object({
  address: z.string(),
  protocol: z.number(),
  state: z.enum(['ready', 'open', 'draining']),
  /**
   * Of a shared instance when absent. `private`: only members come in, placement sends no one there by itself.
   * `slots`: not of an instance, but of the room that its host has for private ones. Each takes a place, under its id.
   */
  kind: z.enum(['private', 'slots']).optional(),
  capacity: z.number(),
  /** Places that are taken. */
  count: z.number(),
  /** How many players are in the instance, as its host counts them. */
  players: z.number(),
  /** When its host last wrote it, Unix ms by the host's clock. For placement only, never for ownership. */
  seenAt: z.number(),
  /** Number of the host's last heartbeat. */
  heartbeat: z.number(),
  /** How many places have come and gone. */
  changes: z.number(),
})

export type Card = InstanceRef & z.infer<typeof cardRow>
export type InstanceState = Card['state']

export function zonePartition(realmId: string, zone: string): string {
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

/** The row of a card, or of its copy. */
export function itemOf(key: Key, now: number, card: Card): Item {
  return { ...key, v: 1, ...cardRow.parse(card), expires: expiresAt(now + hostRowsKeptMs) }
}

/** The host's own card. Throws RowError. */
function parseOwn(zone: string, item: Item): Card {
  return { ...refOf(zone, item), ...readRow(cardRow, item) }
}

/** Without those that this version cannot read: such a row costs its own instance, not its zone. */
export function parseCards(zone: string, items: Item[]): Card[] {
  return items.flatMap((item) => {
    const { success, data } = cardRow.safeParse(item)
    return success ? [{ ...refOf(zone, item), ...data }] : []
  })
}

function refOf(zone: string, { sk }: Item): InstanceRef {
  const [bootId = '', instance = ''] = sk.split('#').slice(-2)
  return { zone, bootId, instance }
}

export function nameOf({ bootId, instance }: InstanceRef): string {
  return `${bootId}/${instance}`
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
    return parseOwn(ref.zone, item)
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
    const item = error.items[0]
    return item === undefined ? undefined : parseOwn(ref.zone, item)
  }
}

/** One card; undefined when there is none that can be read. One trip, strong. */
export async function readCard(
  store: Store,
  realmId: string,
  ref: InstanceRef,
): Promise<Card | undefined> {
  const key = cardKey(realmId, ref)
  const item = await store.get({ table: 'volatile', key, consistent: true })
  return item === undefined ? undefined : parseCards(ref.zone, [item])[0]
}

/**
 * The cards of all instances of a zone, in the order of boot ids. A trip a shard, side by side, and more for more
 * than a megabyte.
 */
export async function findInstances(
  store: Store,
  realmId: string,
  zone: string,
  more: Pick<Query, 'consistent'> = {},
): Promise<Card[]> {
  return (await findCards(store, realmId, zone, more)).filter(({ kind }) => kind !== 'slots')
}

/** With the cards of the room that hosts have for private instances. */
export async function findCards(
  store: Store,
  realmId: string,
  zone: string,
  more: Pick<Query, 'consistent'> = {},
): Promise<Card[]> {
  const shards = Array.from({ length: zoneShards }, async (_, shard) => {
    const cards: Card[] = []
    for await (const page of pages(store, `${zonePartition(realmId, zone)}#${shard}`, more)) {
      cards.push(...parseCards(zone, page.items))
    }
    return cards
  })
  const found = (await Promise.all(shards)).flat()
  return found.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

export async function* pages(
  store: Store,
  pk: string,
  more: Partial<Query> = {},
): AsyncGenerator<Page> {
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
