// What domains keep of a player, and how it comes out and goes away. A record says it (record.ts, `personal`), so no
// domain is forgotten: test/functions/personal.test.ts holds what is said against all rows that there may be.
import type { Value } from '#shared/store/store.ts'
import type { CommonParts } from './record.ts'
import type { RowPermission } from './rows.ts'

/** An account, and its characters in each realm that is served here, deleted ones included. */
export type Person = { accountId: string; players: readonly PersonInRealm[] }

export type PersonInRealm = {
  realmId: string
  accountId: string
  characters: readonly { characterId: string; name: string }[]
}

/** One thing that is kept of a player, in plain words. Secrets and hashes are none of it. */
export type PersonalEntry = { section: string; entry: { [field: string]: Value } }

export type Personal = {
  /**
   * What export and erase touch. The function that serves a player's data gets all of these. Each partition
   * of a player that the domain writes is named here or in `stays`.
   */
  rows: readonly RowPermission[]
  /** Rows of players, or rows that may name one, that an erase leaves as they are; and why. */
  stays?: readonly Stays[]
  /**
   * All that it keeps of a player, in an order that is the same each time. Reads page by page and keeps no more
   * than a page in memory. A part of it is asked again: entries before it are read and dropped.
   */
  export: (parts: CommonParts, person: Person) => AsyncIterable<PersonalEntry>
  /**
   * Leaves nothing of a player but what `stays` says. The player's characters are deleted by then, so they are in no
   * guild and no party, and nobody can reach them. Whoever stops it anywhere calls it again from the start, and it
   * ends the same; called once more it does nothing. Throws StoreError or world.busy.
   */
  erase: (parts: CommonParts, person: Person) => Promise<void>
}

export type Stays = { table: RowPermission['table']; partition: string; why: string }

/** `none`: why there is nothing of a player in it. */
export type PersonalOf = Personal | { none: string }

export function isKept(personal: PersonalOf | undefined): personal is Personal {
  return personal !== undefined && !('none' in personal)
}
