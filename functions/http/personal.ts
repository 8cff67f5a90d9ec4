// What domains keep of a player, and how it comes out and goes away. A record says it (record.ts, `personal`), so no
// domain is forgotten: test/functions/personal.test.ts holds what is said against all rows that there may be.
import type { Cache } from '#shared/cache/cache.ts'
import type { Push } from '#shared/push/push.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Person, PersonalEntry } from '#shared/person.ts'
import type { Realms } from './realms.ts'
import type { RowPermission } from './rows.ts'

/** What both are given: some of the parts that every domain gets. */
export type PersonalParts = {
  store: Store
  cache: Cache
  runtime: Runtime
  realms: Realms
  log: Log
  push: Push
}

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
  export: (parts: PersonalParts, person: Person) => AsyncIterable<PersonalEntry>
  /**
   * Leaves nothing of a player but what `stays` says. The player's characters are deleted by then, so they are in no
   * guild and no party, and nobody can reach them. Whoever stops it anywhere calls it again from the start, and it
   * ends the same; called once more it does nothing. Throws StoreError or world.busy.
   */
  erase: (parts: PersonalParts, person: Person) => Promise<void>
}

export type Stays = { table: RowPermission['table']; partition: string; why: string }

/** `none`: why there is nothing of a player in it. */
export type PersonalOf = Personal | { none: string; stays?: readonly Stays[] }

/** By the names of the domains, in the order of the table. Who is first knows whose the rest is, and is erased last. */
export type Kept = ReadonlyMap<string, Personal>

export function keptBy(records: readonly { name: string; personal: PersonalOf }[]): Kept {
  return new Map(
    records.flatMap(({ name, personal }) =>
      'none' in personal ? [] : [[name, personal] as const],
    ),
  )
}
