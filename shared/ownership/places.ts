// Places: the rows that hold a character's room in an instance.
//
//   R#<realm>#I#<boot id>#<instance>   <character id>   `until`: when the reservation ends, Unix ms
//
// A place and the count on the instance's card (card.ts) change in one transaction, always. So the count is
// the number of the rows, it never passes the capacity, and no cost depends on how many places there are.
//
// Why a late write does no harm. Each reservation of a character ends later than all his earlier ones:
// `enter` sees to that. So `until` names one reservation, and
// - a place is taken only where the character has none;
// - a renewal only ever raises `until`;
// - a place is released only while `until` is as the one who releases it knows it.
// A write that was under way during a player's earlier stay knows an `until` that is lower than today's. The
// row refuses it. If the character has no place when it lands, a late take holds one until that reservation
// has lapsed, and a late renewal or release finds nothing.
//
// The host that runs the instance keeps the places of those who play there, whatever `until` says, and
// releases the others when they have lapsed (gameserver/persistence/place-keeper.ts). No one else deletes.
import * as z from 'zod'
import { jitterMs } from '../backoff.ts'
import { placeKeptMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { readRow } from '../store/row.ts'
import { expiresAt, StoreError } from '../store/store.ts'
import type { Bindings, Key, Page, Store, Write } from '../store/store.ts'
import { cardKey } from './card.ts'
import type { InstanceRef } from './card.ts'

const placeRow = z.object({ until: z.number() })

/** One character's room in an instance, under the end of the reservation that it stands for, Unix ms. */
export type Place = { characterId: string } & z.infer<typeof placeRow>

function placesPartition(realmId: string, { bootId, instance }: InstanceRef): string {
  return `R#${realmId}#I#${bootId}#${instance}`
}

export function placeKey(realmId: string, ref: InstanceRef, characterId: string): Key {
  return { pk: placesPartition(realmId, ref), sk: characterId }
}

/** The card's half of a transaction that adds `by` places; refused unless `condition` holds. */
function count(
  realmId: string,
  ref: InstanceRef,
  by: number,
  condition: string,
  more: Required<Bindings> = { names: {}, values: {} },
): Write {
  return {
    update: {
      table: 'volatile',
      key: cardKey(realmId, ref),
      update: 'SET #count = #count + :by, changes = changes + :moved',
      condition,
      names: { '#count': 'count', ...more.names },
      values: { ':by': by, ':moved': Math.abs(by), ...more.values },
    },
  }
}

function newPlace(realmId: string, ref: InstanceRef, { characterId, until }: Place): Write {
  const key = placeKey(realmId, ref, characterId)
  const item = { ...key, v: 1, until, expires: expiresAt(until + placeKeptMs) }
  return { put: { table: 'volatile', condition: 'attribute_not_exists(pk)', item } }
}

/** Whether a character has a place there, if only a reserved one. One trip, strong. */
export async function hasPlace(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  characterId: string,
): Promise<boolean> {
  const key = placeKey(realmId, ref, characterId)
  return (await store.get({ table: 'volatile', key, consistent: true })) !== undefined
}

/** How often a place is looked at again that other enters of the character change meanwhile. */
const takeAttempts = 8

/**
 * Takes a place until `ticketExpires`, or renews the place of the character. A renewed place always ends
 * later than before, by at least a millisecond. `full`: the instance has `limit` places taken, drains, or has
 * no card. `conflict`: others change the card or the place in the same moment; ask again a little later.
 * One trip to take a place, two to renew it. Throws RowError for a place that this version cannot read: it costs
 * its character this instance.
 */
export async function takePlace(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  characterId: string,
  ticketExpires: number,
  limit: number,
): Promise<{ ticketExpires: number; renewed: boolean } | 'full' | 'conflict'> {
  let until = ticketExpires
  let hasOne = false
  for (let attempt = 0; attempt < takeAttempts; attempt++) {
    const outcome: Attempt = hasOne
      ? await raise(store, realmId, ref, { characterId, until })
      : await hold(store, realmId, ref, { characterId, until }, limit)
    if (outcome === 'done') return { ticketExpires: until, renewed: hasOne }
    if (outcome === 'full' || outcome === 'conflict') return outcome
    hasOne = outcome !== 'none'
    if (outcome !== 'none') until = Math.max(until, outcome.until + 1)
  }
  return 'conflict'
}

/** The outcome of one attempt. `until`: the end of the place that the character has; `none`: it has none. */
type Attempt = 'done' | 'full' | 'conflict' | 'none' | { until: number }

async function hold(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  place: Place,
  limit: number,
): Promise<Attempt> {
  const room = count(realmId, ref, 1, '#state <> :draining AND #count < :limit', {
    names: { '#state': 'state' },
    values: { ':draining': 'draining', ':limit': limit },
  })
  try {
    await store.transact([newPlace(realmId, ref, place), room])
    return 'done'
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'cancelled') throw error
    const [placeRefused, cardRefused] = error.reasons.map((reason) => reason === 'condition')
    if (placeRefused) {
      const card = error.items[1]
      // A full instance renews its places. A draining instance gives no place.
      const closed = cardRefused && card?.['state'] !== 'open'
      return closed ? 'full' : readRow(placeRow, error.items[0]!)
    }
    return cardRefused ? 'full' : 'conflict'
  }
}

async function raise(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  { characterId, until }: Place,
): Promise<Attempt> {
  try {
    await store.update({
      table: 'volatile',
      key: placeKey(realmId, ref, characterId),
      update: 'SET #until = :until, expires = :expires',
      condition: 'attribute_exists(pk) AND #until < :until',
      names: { '#until': 'until' },
      values: { ':until': until, ':expires': expiresAt(until + placeKeptMs) },
    })
    return 'done'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'conflict') return 'conflict'
    if (error.kind !== 'condition') throw error
    return readRow(placeRow, error.items[0]) ?? 'none'
  }
}

/** Places that one transaction releases at most. DynamoDB takes 100 writes, and one is the card's. */
export const releasedAtOnce = 24
/** How often a transaction is repeated that met another one, and for how long it waits before, ms. */
const conflictRepeats = 6
const conflictWaitMs = 20

/**
 * Releases places, each only if it still belongs to that reservation. All are one transaction, which is tried
 * a few times against others. A place that was not released lapses, and is released later. At most
 * `releasedAtOnce`.
 */
export async function releasePlaces(
  deps: { store: Store; runtime: Pick<Runtime, 'randomBytes' | 'sleep'> },
  realmId: string,
  ref: InstanceRef,
  places: readonly Place[],
): Promise<void> {
  let left = places
  for (let conflicts = 0; left.length > 0 && conflicts <= conflictRepeats;) {
    try {
      await deps.store.transact([
        ...left.map(({ characterId, until }): Write => {
          const key = placeKey(realmId, ref, characterId)
          const names = { '#until': 'until' }
          const values = { ':until': until }
          return { delete: { table: 'volatile', key, condition: '#until = :until', names, values } }
        }),
        count(realmId, ref, -left.length, '#count >= :released', {
          names: {},
          values: { ':released': left.length },
        }),
      ])
      return
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== 'cancelled') throw error
      const { reasons } = error
      // The card is absent, because its instance has ended. Or its count is wrong and is corrected first.
      if (reasons[left.length] === 'condition') return
      const still = left.filter((_, i) => reasons[i] !== 'condition')
      if (still.length === left.length) {
        conflicts++
        await deps.runtime.sleep(jitterMs(deps.runtime, conflictWaitMs * conflicts))
      }
      left = still
    }
  }
}

/** Enters a place for a character who plays there without one. Nothing happens if there is no room for it. */
export async function restorePlace(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  place: Place,
  capacity: number,
): Promise<void> {
  const room = count(realmId, ref, 1, '#count < :capacity', {
    names: {},
    values: { ':capacity': capacity },
  })
  try {
    await store.transact([newPlace(realmId, ref, place), room])
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'cancelled') throw error
  }
}

/** Places of an instance, a page of them, and whether there are more. */
export type PlacesPage = {
  places: Place[]
  /** Rows of the page. Those that this version cannot read are no `places`, but they count: they stay. */
  rows: number
  /** Where the next page begins. */
  last: string | undefined
  more: boolean
}

/** A page of at most `limit`, in the order of character ids. One trip, strong. */
export async function readPlaces(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  limit: number,
  after: string | undefined,
): Promise<PlacesPage> {
  const pk = placesPartition(realmId, ref)
  const page: Page = await store.query({
    table: 'volatile',
    keyCondition: 'pk = :pk',
    values: { ':pk': pk },
    limit,
    consistent: true,
    ...(after === undefined ? {} : { after: { pk, sk: after } }),
  })
  const places = page.items.flatMap((item) => {
    const { success, data } = placeRow.safeParse(item)
    return success ? [{ characterId: item.sk, ...data }] : []
  })
  const { length: rows } = page.items
  return { places, rows, last: page.items.at(-1)?.sk, more: page.next !== undefined }
}

/** Sets a count that is proven wrong; nothing happens when it has changed since. */
export async function correctCount(
  store: Store,
  realmId: string,
  ref: InstanceRef,
  by: number,
  changes: number,
): Promise<void> {
  const { update } = count(realmId, ref, by, 'changes = :read', {
    names: {},
    values: { ':read': changes },
  }) as Extract<Write, { update: unknown }>
  try {
    await store.update(update)
  } catch (error) {
    if (!(error instanceof StoreError) || error.kind !== 'condition') throw error
  }
}
