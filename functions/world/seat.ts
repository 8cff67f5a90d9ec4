// One account plays one character of a realm at a time. The seat row names the character that entered
// last and the place that was taken for it:
//   R#<realm>#A#<account>   SEAT     core
// It is written in the transaction of the reservation, on condition that nobody has moved it since it was
// read. So of two characters that enter at once one finds the other's seat, and sees to it that the
// character there is out of play and its place free, before it takes a place itself.
import * as z from 'zod'
import { releasePlaces } from '#shared/ownership/places.ts'
import { removeFromPlay } from '#shared/ownership/removal.ts'
import type { RemovalDeps } from '#shared/ownership/removal.ts'
import { asRead, readRow } from '#shared/store/row.ts'
import type { Key, Store, Write } from '#shared/store/store.ts'

const seatRow = z.object({
  zone: z.string(),
  bootId: z.string(),
  instance: z.string(),
  characterId: z.string(),
  ticketExpires: z.int(),
  /** Rises with each change. */
  number: z.int(),
})

export type Seat = z.infer<typeof seatRow>

function seatKey(realmId: string, accountId: string): Key {
  return { pk: `R#${realmId}#A#${accountId}`, sk: 'SEAT' }
}

/** Read strongly; undefined for an account that has never entered this realm. One trip. */
export async function readSeat(
  store: Store,
  realmId: string,
  accountId: string,
): Promise<Seat | undefined> {
  const key = seatKey(realmId, accountId)
  const row = await store.get({ table: 'core', key, consistent: true })
  return readRow(seatRow, row)
}

/** Takes the seat; part of the reservation. `read`: as it was read before. */
export function seatWrite(
  realmId: string,
  accountId: string,
  read: Seat | undefined,
  next: Omit<Seat, 'number'>,
): Write {
  const { zone, bootId, instance, characterId, ticketExpires } = next
  const number = (read?.number ?? 0) + 1
  const seat: Seat = { zone, bootId, instance, characterId, ticketExpires, number }
  const item = { ...seatKey(realmId, accountId), v: 1, ...seat }
  return { put: { table: 'core', item, ...asRead(read) } }
}

/**
 * Takes the character of a seat out of play: its ticket is voided and its place free, or its living host
 * is asked to let go and polled for 4 s. Two trips when nobody plays it, which is nearly always. The place
 * may be gone by then. Only the place can say so: `ticketExpires` is by the clock of another function.
 */
export async function vacate(deps: RemovalDeps, realmId: string, seat: Seat): Promise<void> {
  const { characterId, ticketExpires } = seat
  const found = await removeFromPlay(deps, { realmId, characterId, by: 'letGo' })
  if (found === 'inPlay') return
  await releasePlaces(deps, realmId, seat, [{ characterId, until: ticketExpires }])
}
