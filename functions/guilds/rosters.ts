// Who is in a guild, as a process remembers it: for lines, of which a guild has many while nobody comes or goes. The row
// of the guild is read each time. Its numbers change with each change of the guild, and the roster is read after it: so
// what is remembered under the same numbers is the roster of now.
import { guildMembersMax, guildRostersKept } from '#shared/limits.ts'
import type { Store } from '#shared/store/store.ts'
import { readPage } from '../http/page.ts'
import { guildPartition, membersOf, readGuild } from './store.ts'
import type { GuildIn, GuildRow, MemberRow } from './store.ts'

export type Rosters = {
  /** The accounts of the members, none when it is gone. One trip, and another one after a change. */
  accountsIn(of: GuildIn): Promise<readonly string[]>
}

export function createRosters(store: Store): Rosters {
  /** Those that were asked for last come last. */
  const known = new Map<string, { numbers: string; accounts: readonly string[] }>()
  return {
    async accountsIn(of) {
      const key = guildPartition(of)
      const guild = await readGuild(store, of)
      const before = known.get(key)
      known.delete(key)
      if (guild?.state !== 'open') return []
      const numbers = numbersOf(guild)
      const accounts = before?.numbers === numbers ? before.accounts : await accountsOf(store, of)
      known.set(key, { numbers, accounts })
      for (const oldest of known.keys()) {
        if (known.size <= guildRostersKept) break
        known.delete(oldest)
      }
      return accounts
    },
  }
}

/** `changes` alone would do, but for processes of the release before, which do not count it. */
function numbersOf({ changes, members, logged, rights }: GuildRow): string {
  return [changes, members, logged, rights].join()
}

/** All members. One trip. */
export async function rosterOf(store: Store, of: GuildIn): Promise<MemberRow[]> {
  const { entries } = await readPage(store, membersOf(of), { limit: guildMembersMax })
  return entries
}

async function accountsOf(store: Store, of: GuildIn): Promise<string[]> {
  return [...new Set((await rosterOf(store, of)).map(({ accountId }) => accountId))]
}
