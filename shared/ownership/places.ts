// The instance row: a running copy of a zone, and who has a place in it.
//
// A place is an entry of the map `places` under the character's id: the reservation's expiry in Unix ms,
// or the negative epoch of a member. Taking one is a single conditional update on size(places):
// idempotent for the same character, never over capacity. The row's key begins with realm and zone, so
// that the director finds all copies of a zone with one query.
//
// Why a late write does no harm: an entry names the one reservation or membership it stands for, and is
// replaced or removed only by whoever knew it. A player who left and came back has another expiry and
// another epoch, so what was still on its way for his earlier stay finds nothing.
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

/** What names an instance in its realm. */
export type InstanceRef = Pick<InstanceEntry, 'zone' | 'bootId' | 'instance'>

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

/** The stay of a member: the epoch it began with, and the expiry of the reservation he came in with. */
export type Stay = { epoch: number; ticketExpires: number }

/** Whether the entry of a place stands for a member, not for a reservation. */
export function isMember(entry: number): boolean {
  return entry <= 0
}

/** How often a place is looked at again that other enters of the character change meanwhile. */
const takeAttempts = 4

/**
 * Takes a place until `ticketExpires`, or renews the one that the character has. `full`: the instance
 * takes nobody more at `limit` places, drains, or is gone. A renewed place expires later than it did, by a
 * millisecond if need be, so that of two enters at once each knows its own. One trip for who has none, two
 * to renew.
 */
export async function takePlace(
  store: Store,
  realmId: string,
  entry: InstanceRef,
  characterId: string,
  ticketExpires: number,
  limit: number,
): Promise<{ ticketExpires: number; renewed: boolean } | 'full'> {
  let held: number | undefined
  for (let attempt = 0; attempt < takeAttempts; attempt++) {
    const expires = held === undefined ? ticketExpires : Math.max(ticketExpires, held + 1)
    const asRead =
      held === undefined
        ? 'attribute_not_exists(places.#character) AND size(places) < :known'
        : 'places.#character = :known'
    try {
      await store.update({
        table: 'volatile',
        key: instanceKey(realmId, entry.zone, entry.bootId, entry.instance),
        update: 'SET places.#character = :expires',
        condition: `attribute_exists(pk) AND #state <> :draining AND ${asRead}`,
        names: { '#character': characterId, '#state': 'state' },
        values: { ':expires': expires, ':draining': 'draining', ':known': held ?? limit },
      })
      return { ticketExpires: expires, renewed: held !== undefined }
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
      const row = error.items[0]
      const places = row?.['places'] as Record<string, number> | undefined
      const now = places?.[characterId]
      if (row?.['state'] === 'draining' || (now === undefined && held === undefined)) return 'full'
      held = now
    }
  }
  return 'full'
}

/** Gives a place back, only if it still stands for this reservation or the stay that followed it. */
export async function releasePlace(
  store: Store,
  realmId: string,
  entry: InstanceRef,
  characterId: string,
  held: Omit<Stay, 'epoch'> & Partial<Stay>,
): Promise<void> {
  const { ticketExpires, epoch } = held
  try {
    await store.update({
      table: 'volatile',
      key: instanceKey(realmId, entry.zone, entry.bootId, entry.instance),
      update: 'REMOVE places.#character',
      condition: 'places.#character IN (:reserved, :member)',
      names: { '#character': characterId },
      values: {
        ':reserved': ticketExpires,
        ':member': epoch === undefined ? ticketExpires : -epoch,
      },
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}

/**
 * Entries one reconciling update enters and removes at most: an expression stays under 4 KB. An instance
 * of 500 that all came in at once is through after a dozen checkpoints; until then their reservations
 * stand for them.
 */
const reconcileMax = 40

/**
 * The host's word on its own row, with every checkpoint: it is alive, these are its members. Lost
 * members are entered, reservations long expired are removed, one entry at a time, each only if it is
 * as it was read. An entry that is neither the member's stay nor the reservation he came with is another
 * reservation of his and is left alone until it has lapsed: he may be back by it already. One trip when
 * nothing differs, two otherwise; `gone` when the row is not there.
 */
export async function reconcilePlaces(
  store: Store,
  now: number,
  realmId: string,
  entry: InstanceRef & Pick<InstanceEntry, 'state'>,
  members: ReadonlyMap<string, Stay>,
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
  /** The path of an entry, on condition that it is as it was read. */
  const bind = (characterId: string): { path: string; n: number } => {
    const n = conditions.length
    const path = `places.#p${n}`
    names[`#p${n}`] = characterId
    const entry = places[characterId]
    if (entry === undefined) conditions.push(`attribute_not_exists(${path})`)
    else {
      conditions.push(`${path} = :p${n}`)
      values[`:p${n}`] = entry
    }
    return { path, n }
  }
  const lapsed = (entry: number) => isMember(entry) || entry + placeGraceMs < now
  for (const [characterId, { epoch, ticketExpires }] of members) {
    const entry = places[characterId]
    if (entry === -epoch || set.length >= reconcileMax) continue
    if (entry !== undefined && entry !== ticketExpires && !lapsed(entry)) continue
    const { path, n } = bind(characterId)
    set.push(`${path} = :m${n}`)
    values[`:m${n}`] = -epoch
  }
  for (const [characterId, entry] of Object.entries(places)) {
    if (!lapsed(entry) || members.has(characterId) || remove.length >= reconcileMax) continue
    remove.push(bind(characterId).path)
  }
  if (set.length === 0 && remove.length === 0) return 'reconciled'
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
