// The listing of a zone: copies of the cards that have room, in the order in which instances are filled.
//
//   R#<realm>#Z#<zone>#ROOM      <order>#<boot id>#<instance>   a copy, while somebody may be sent there
//   R#<realm>#Z#<zone>#OPENED    OPENED                         how often an instance of the zone has opened
//
// A copy is a hint. Its key begins with the order, so one short query finds the best of a thousand. Its host
// writes it with every checkpoint, so it is 4 s old at most. A wrong copy costs one attempt: the card refuses.
// An instance that is full with reservations, more than with players, is listed last: a place there may be that of
// an attempt of the player who asks, whose answer was lost. He is let in by it, and by no other.
//
// A copy that lands late under a former order is not renewed. It counts as silent after 12 s, and the hosts of
// the zone delete it in the end.
import * as z from 'zod'
import { instanceClosedPercent, instanceFillPercent, instanceLongGoneMs } from '../limits.ts'
import { readRow } from '../store/row.ts'
import { StoreError } from '../store/store.ts'
import type { Key, Store } from '../store/store.ts'
import { cardKey, itemOf, nameOf, pages, parseCards, zonePartition } from './card.ts'
import type { Card, InstanceRef } from './card.ts'

function roomPartition(realmId: string, zone: string): string {
  return `${zonePartition(realmId, zone)}#ROOM`
}

/** `target` and `closed`: percent, where they are not those of all zones. */
type Room = Pick<Card, 'capacity' | 'kind' | 'target' | 'closed'>

/**
 * Up to how many places newcomers are sent there; the rest is for players who come back. Slots are filled whole: no
 * private instance comes back.
 */
export function closedAt({ capacity, kind, closed = instanceClosedPercent }: Room): number {
  if (kind === 'slots') return capacity
  return Math.max(1, Math.floor((capacity * closed) / 100))
}

/** Up to how many places instances are filled one after the other. */
export function filledAt(card: Room): number {
  const { capacity, kind, target = instanceFillPercent } = card
  if (kind === 'slots') return capacity
  return Math.min(closedAt(card), Math.ceil((capacity * target) / 100))
}

/** Steps in which the order of copies says how full they are. */
const roomySteps = 16
const tightSteps = 4

/** Where the copy stands among those of its zone: the fullest below the target first, then the emptiest, then the full. */
function orderOf(card: Room & Pick<Card, 'count'>): string {
  const { count } = card
  const [filled, closed] = [filledAt(card), closedAt(card)]
  const order =
    count < filled
      ? Math.floor(((filled - 1 - count) * roomySteps) / filled)
      : count < closed
        ? roomySteps + Math.floor(((count - filled) * tightSteps) / (closed - filled))
        : roomySteps + tightSteps
  return String(order).padStart(2, '0')
}

/** The key of the copy; undefined when placement has nothing to look for there. */
function copyKey(realmId: string, card: Card): Key | undefined {
  if (card.kind === 'private' || card.state !== 'open') return undefined
  if (Math.min(card.count, card.players) >= closedAt(card)) return undefined
  const { bootId, instance } = card
  return {
    pk: roomPartition(realmId, card.zone),
    sk: `${orderOf(card)}#${bootId}#${instance}`,
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
 * Writes the copy of a card where it belongs and returns its key; undefined when newcomers are not to find
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

/** Copies read at once: two pages of 4 KB, so one read unit. */
const roomPage = 24
/**
 * Where they are not enough, the next pages are longer: among a thousand instances of one version those that speak the
 * client's may stand last. Six units each. The same where the hosts of many have ended unseen a short time ago.
 */
const roomNextPage = 200
const roomPagesMax = 6
/** So many that are fresh are enough to choose from. */
const roomEnough = 8

/**
 * Instances of a zone with room for newcomers, in the order in which they are to be filled: the fullest
 * below the target, then the emptiest. Not all of them: enough to choose from. One trip, nearly always, and one
 * read unit; six trips at most. `consistent` costs twice that, and sees every copy that is written.
 * `isLive`: those that may be chosen. `isFresh`: those that count as enough.
 */
export async function findRoom(
  store: Store,
  { isLive, isFresh }: { isLive(card: Card): boolean; isFresh(card: Card): boolean },
  realmId: string,
  zone: string,
  { consistent = false }: { consistent?: boolean } = {},
): Promise<Card[]> {
  const found = new Map<string, Card>()
  let fresh = 0
  let after: Key | undefined
  for (let read = 0; read < roomPagesMax; read++) {
    const page = await store.query({
      table: 'volatile',
      keyCondition: 'pk = :pk',
      values: { ':pk': roomPartition(realmId, zone) },
      limit: read === 0 ? roomPage : roomNextPage,
      consistent,
      ...(after === undefined ? {} : { after }),
    })
    for (const card of parseCards(zone, page.items)) {
      const other = found.get(nameOf(card))
      if (!isLive(card) || card.heartbeat < (other?.heartbeat ?? 0)) continue
      found.set(nameOf(card), card)
      if (isFresh(card)) fresh++
    }
    after = page.next
    if (fresh >= roomEnough || after === undefined) break
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

function isTight(card: Card): boolean {
  return card.count >= filledAt(card)
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
  await Promise.all(
    page.items.map(async ({ pk, sk, seenAt }) => {
      if (typeof seenAt !== 'number' || now - seenAt <= instanceLongGoneMs) return
      try {
        await store.delete({
          table: 'volatile',
          key: { pk, sk },
          condition: 'seenAt = :seenAt',
          values: { ':seenAt': seenAt },
        })
      } catch (error) {
        if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
      }
    }),
  )
}

/**
 * Removes the card of a private instance, after which no one gets a place there. `taken`: unless a place is taken.
 * Safe to repeat.
 */
export async function endPrivate(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  { ifEmpty }: { ifEmpty: boolean },
): Promise<'ended' | 'taken'> {
  const condition = {
    condition: 'attribute_not_exists(pk) OR #count = :none',
    names: { '#count': 'count' },
    values: { ':none': 0 },
  }
  try {
    const key = cardKey(realmId, ref)
    await store.delete({ table: 'volatile', key, ...(ifEmpty ? condition : {}) })
    return 'ended'
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'condition') return 'taken'
    throw error
  }
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

const openedRow = z.object({ opened: z.number() })

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
  return readRow(openedRow, row)?.opened ?? 0
}
