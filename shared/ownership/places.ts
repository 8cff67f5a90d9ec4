// The instance row: a running copy of a zone, and who has a place in it.
//
// A place is an entry of the map `places` under the character's id: the ticket's expiry in Unix ms, or
// 0 for a member. Taking one is a single conditional update on size(places): idempotent for the same
// character, never over capacity. The row's key begins with realm and zone, so that the director finds
// all copies of a zone with one query.
import { hostRowsKeptMs, placeGraceMs } from '../limits.ts'
import { expiresAt, StoreError } from '../store/store.ts'
import type { Item, Key, Store, Value } from '../store/store.ts'

export type InstanceState = 'ready' | 'open' | 'draining'

export type InstanceEntry = {
  bootId: string
  instance: string
  zone: string
  address: string
  capacity: number
  state: InstanceState
  protocol: number
  places: Map<string, number>
  /** When its host last wrote it, Unix ms. For placement only, never for ownership. */
  seenAt: number
}

function zonePartition(realmId: string, zone: string): string {
  return `R#${realmId}#Z#${zone}`
}

export function instanceKey(realmId: string, zone: string, bootId: string, instance: string): Key {
  return { pk: zonePartition(realmId, zone), sk: `${bootId}#${instance}` }
}

/** Writes a new instance's row. */
export async function openInstance(
  store: Store,
  now: number,
  realmId: string,
  entry: Omit<InstanceEntry, 'places' | 'seenAt'>,
): Promise<void> {
  await store.put({
    table: 'volatile',
    condition: 'attribute_not_exists(pk)',
    item: {
      ...instanceKey(realmId, entry.zone, entry.bootId, entry.instance),
      v: 1,
      ...entry,
      places: {},
      seenAt: now,
      expires: expiresAt(now + hostRowsKeptMs),
    },
  })
}

/** All copies of a zone. One trip; up to a page of 1 MB, which is more than two hundred instances. */
export async function findInstances(
  store: Store,
  realmId: string,
  zone: string,
): Promise<InstanceEntry[]> {
  const page = await store.query({
    table: 'volatile',
    keyCondition: 'pk = :pk',
    values: { ':pk': zonePartition(realmId, zone) },
  })
  return page.items.map(parseInstance)
}

function parseInstance(item: Item): InstanceEntry {
  return {
    bootId: item['bootId'] as string,
    instance: item['instance'] as string,
    zone: item['zone'] as string,
    address: item['address'] as string,
    capacity: item['capacity'] as number,
    state: item['state'] as InstanceState,
    protocol: item['protocol'] as number,
    places: new Map(Object.entries(item['places'] as Record<string, number>)),
    seenAt: item['seenAt'] as number,
  }
}

/**
 * Takes or renews a character's place until `ticketExpires`. `full`: the instance takes nobody more at
 * `limit` places, drains, or is gone.
 */
export async function takePlace(
  store: Store,
  realmId: string,
  entry: Pick<InstanceEntry, 'zone' | 'bootId' | 'instance'>,
  characterId: string,
  ticketExpires: number,
  limit: number,
): Promise<'taken' | 'full'> {
  try {
    await store.update({
      table: 'volatile',
      key: instanceKey(realmId, entry.zone, entry.bootId, entry.instance),
      update: 'SET places.#character = :expires',
      condition:
        'attribute_exists(pk) AND #state <> :draining AND ' +
        '(attribute_exists(places.#character) OR size(places) < :limit)',
      names: { '#character': characterId, '#state': 'state' },
      values: { ':expires': ticketExpires, ':draining': 'draining', ':limit': limit },
    })
    return 'taken'
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'condition') return 'full'
    throw error
  }
}

/** Gives a place back, only if it is still held with this expiry (0: as a member). */
export async function releasePlace(
  store: Store,
  realmId: string,
  entry: Pick<InstanceEntry, 'zone' | 'bootId' | 'instance'>,
  characterId: string,
  expiry: number,
): Promise<void> {
  try {
    await store.update({
      table: 'volatile',
      key: instanceKey(realmId, entry.zone, entry.bootId, entry.instance),
      update: 'REMOVE places.#character',
      condition: 'places.#character = :expiry',
      names: { '#character': characterId },
      values: { ':expiry': expiry },
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}

/** Entries one reconciling update changes at most: an expression stays well under 4 KB. */
const reconcileMax = 40

/**
 * The host's word on its own row, with every checkpoint: it is alive, these are its members. Lost
 * members are entered, reservations long expired are removed, one entry at a time, each only if it is
 * as it was read. One trip when nothing differs, two otherwise; `gone` when the row is not there.
 */
export async function reconcilePlaces(
  store: Store,
  now: number,
  realmId: string,
  entry: Pick<InstanceEntry, 'zone' | 'bootId' | 'instance' | 'state'>,
  members: ReadonlySet<string>,
): Promise<'reconciled' | 'gone'> {
  const key = instanceKey(realmId, entry.zone, entry.bootId, entry.instance)
  let row: Item
  try {
    row = await store.update({
      table: 'volatile',
      key,
      update: 'SET seenAt = :now, #state = :state, expires = :expires',
      condition: 'attribute_exists(pk)',
      names: { '#state': 'state' },
      values: { ':now': now, ':state': entry.state, ':expires': expiresAt(now + hostRowsKeptMs) },
    })
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'condition') return 'gone'
    throw error
  }

  const places = row['places'] as Record<string, number>
  const set: string[] = []
  const remove: string[] = []
  const conditions: string[] = []
  const names: Record<string, string> = {}
  const values: Record<string, Value> = {}
  const bind = (characterId: string): string => {
    const n = Object.keys(names).length
    names[`#p${n}`] = characterId
    return `${n}`
  }
  for (const characterId of members) {
    if (places[characterId] === 0 || set.length >= reconcileMax) continue
    set.push(`places.#p${bind(characterId)} = :member`)
  }
  for (const [characterId, expiry] of Object.entries(places)) {
    const lapsed = expiry === 0 ? !members.has(characterId) : expiry + placeGraceMs < now
    if (!lapsed || members.has(characterId) || remove.length >= reconcileMax) continue
    const n = bind(characterId)
    remove.push(`places.#p${n}`)
    conditions.push(`places.#p${n} = :p${n}`)
    values[`:p${n}`] = expiry
  }
  if (set.length === 0 && remove.length === 0) return 'reconciled'
  if (set.length > 0) values[':member'] = 0
  try {
    await store.update({
      table: 'volatile',
      key,
      update: [
        set.length > 0 ? `SET ${set.join(', ')}` : '',
        remove.length > 0 ? `REMOVE ${remove.join(', ')}` : '',
      ].join(' '),
      condition: ['attribute_exists(pk)', ...conditions].join(' AND '),
      names,
      values,
    })
  } catch (error) {
    // An `enter` changed one of the entries meanwhile: the next checkpoint looks again.
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
  return 'reconciled'
}
