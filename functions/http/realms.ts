// The realms a player may choose, and which of them are served here.
import type { Realm } from '#shared/api/auth.ts'
import type { PlayerLimit } from '#shared/config.ts'
import { Problem } from '#shared/problem.ts'

export type Realms = {
  /** Every realm of the game, with its address. */
  list: Realm[]
  /** Ids of those whose data is in this region. */
  here: ReadonlySet<string>
  /** Of those that have a limit of players, by their ids. */
  limits?: ReadonlyMap<string, PlayerLimit>
}

/** Throws realm.unknown, or realm.elsewhere (421) when another address serves it. */
export function requireRealm(realms: Realms, realmId: string): void {
  if (realms.here.has(realmId)) return
  if (realms.list.some((realm) => realm.realmId === realmId)) throw new Problem('realm.elsewhere')
  throw new Problem('realm.unknown')
}
