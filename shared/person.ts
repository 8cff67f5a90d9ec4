// A player whose data is exported or erased, as domains and games are told of him.
import type { Value } from './store/store.ts'

/** An account, and its characters in each realm that is served here, deleted ones included. */
export type Person = { accountId: string; players: readonly PersonInRealm[] }

export type PersonInRealm = {
  realmId: string
  accountId: string
  characters: readonly { characterId: string; name: string }[]
}

/** One thing that is kept of a player, in plain words. Secrets and hashes are none of it. */
export type PersonalEntry = { section: string; entry: { [field: string]: Value | undefined } }
