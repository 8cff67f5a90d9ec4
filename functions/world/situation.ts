// The first read of `enter`: the character, the account of the caller, and its seat.
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import type { Role } from '#shared/api/role.ts'
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { CharacterRows } from '#shared/ownership/guard.ts'
import { Problem } from '#shared/problem.ts'
import type { Store } from '#shared/store/store.ts'
import { readSeat } from './seat.ts'
import type { Seat } from './seat.ts'

export type SituationDeps = {
  store: Store
  /** The face of functions/auth: the role of the account. One store trip. Throws auth.session_revoked, auth.banned. */
  requireSession: (player: PlayerCaller) => Promise<Role | undefined>
}

/** Who enters, where. */
export type Entering = { player: PlayerCaller; realmId: string; characterId: string }

export type Situation = {
  rows: CharacterRows
  /** As it was read: it may be taken only while it is so. */
  seat: Seat | undefined
  role: Role | undefined
}

/** Three trips side by side, strong. Throws auth.banned, auth.session_revoked and character.not_found. */
export async function readSituation(
  deps: SituationDeps,
  { player, realmId, characterId }: Entering,
): Promise<Situation> {
  const [page, role, seat] = await Promise.all([
    deps.store.query(readCharacterRows(realmId, characterId)),
    deps.requireSession(player),
    readSeat(deps.store, realmId, player.accountId),
  ])
  const rows = parseCharacterRows(realmId, characterId, page.items)
  if (rows === undefined || rows.guard.accountId !== player.accountId || rows.guard.deleted) {
    throw new Problem('character.not_found')
  }
  return { rows, seat, role }
}
