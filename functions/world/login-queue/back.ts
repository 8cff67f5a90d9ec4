// Who was in play a moment ago comes back without waiting: his place is kept (look.ts).
import { clockOffMaxMs, loginRejoinMs } from '#shared/limits.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import { readLease } from '#shared/ownership/lease.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { Situation } from '../situation.ts'

type Deps = { store: Store; runtime: Pick<Runtime, 'now'> }

/** By the clocks of hosts and functions, which may differ by so much. */
const backMs = loginRejoinMs + clockOffMaxMs

/** Also with another character. No trip, one where a host has the character, one more where another one was in play. */
export async function isBack(deps: Deps, { rows: { guard }, seat }: Situation): Promise<boolean> {
  if (await wasInPlay(deps, guard)) return true
  if (seat === undefined || seat.characterId === guard.characterId) return false
  const { realmId } = guard
  const page = await deps.store.query(readCharacterRows(realmId, seat.characterId))
  const other = parseCharacterRows(realmId, seat.characterId, page.items)
  return other !== undefined && (await wasInPlay(deps, other.guard))
}

async function wasInPlay({ store, runtime }: Deps, guard: Guard): Promise<boolean> {
  const now = runtime.now()
  if (guard.state === 'offline') return guard.leftAt !== undefined && now - guard.leftAt < backMs
  // A reservation has its place.
  if (guard.state !== 'active') return now < guard.ticketExpires
  const lease = await readLease(store, guard.owner, { consistent: false })
  return lease !== undefined && (lease.at === undefined || now - lease.at < backMs)
}
