// The reservation: one transaction that gives the character to the host of its place, and takes the seat.
import { commandPut } from '#shared/ownership/inbox.ts'
import { releasePlaces } from '#shared/ownership/places.ts'
import { reserveWrites, takeOverWrites } from '#shared/ownership/transitions.ts'
import type { Reservation } from '#shared/ownership/transitions.ts'
import type { Runtime } from '#shared/runtime.ts'
import { newId } from '#shared/runtime.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store, Write } from '#shared/store/store.ts'
import type { Owner } from './owner.ts'
import type { Found } from './placement.ts'
import { seatWrite } from './seat.ts'
import type { Situation } from './situation.ts'

export type ReservationDeps = { store: Store; runtime: Runtime }

/**
 * Reserves the character for the host where a place was found. Undefined when others changed the same rows
 * first, or when the outcome is unclear: read again. A ticket that was never given expires by itself, and so
 * does its place.
 */
export async function reserve(
  deps: ReservationDeps,
  { rows, seat }: Situation,
  owner: Owner,
  { card, ticketExpires, renewed }: Found,
): Promise<Reservation | undefined> {
  const { zone, bootId, instance } = card
  const { realmId, characterId, accountId } = rows.guard
  const ticketId = newId(deps.runtime)
  const to: Reservation = { owner: bootId, instance, ticketId, ticketExpires }
  const outcome = await send(deps.store, [
    ...(owner.state === 'dead' ? takeOver(deps, rows, to, owner) : reserveWrites(rows, to)),
    seatWrite(realmId, accountId, seat, { zone, bootId, instance, characterId, ticketExpires }),
  ])
  if (outcome === 'reserved') return to
  // Others moved first: this place is released if it is still this one. One that was there before is not
  // ours to release: the others may have it from us.
  if (outcome === 'refused' && !renewed) {
    const place = { characterId, until: ticketExpires }
    await releasePlaces(deps, realmId, card, [place]).catch(ignoreStoreError)
  }
  return undefined
}

function takeOver(
  deps: ReservationDeps,
  rows: Situation['rows'],
  to: Reservation,
  { check, recovered }: Extract<Owner, { state: 'dead' }>,
): Write[] {
  const { realmId, characterId, owner, epoch } = rows.guard
  const fence = { kind: 'fence' as const, realmId, characterId, epoch }
  const put = commandPut(deps.runtime.now(), owner, fence)
  return takeOverWrites(rows, to, recovered, check, { put })
}

async function send(store: Store, writes: Write[]): Promise<'reserved' | 'refused' | 'unclear'> {
  try {
    await store.transact(writes)
    return 'reserved'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.kind === 'cancelled' || error.kind === 'conflict') return 'refused'
    if (error.kind === 'unavailable' && error.unclear) return 'unclear'
    throw error
  }
}

function ignoreStoreError(error: unknown): void {
  if (!(error instanceof StoreError)) throw error
}
