// The end of a guild. One transaction marks it as gone, and from then on nothing can be done in it. Its rows are
// cleared after that, some at a time, each with what belongs to it. Who clears may stop anywhere: the request that
// is sent again goes on, and so does the next one that meets what was left.
import { createBackoff } from '#shared/backoff.ts'
import { guildGoneKeptMs } from '#shared/limits.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import { eraseFromBoards } from '../leaderboards/leaderboards.ts'
import type { GuildDeps } from './deps.ts'
import { readRow } from '#shared/store/row.ts'
import { StoreError, expiresAt } from '#shared/store/store.ts'
import type { Item, Write } from '#shared/store/store.ts'
import {
  changeGuild,
  dropMember,
  freeName,
  guildPartition,
  memberRow,
  readGuild,
  readPointer,
} from './store.ts'
import type { CharacterIn, GuildChange, GuildIn, GuildRow, GuildStep } from './store.ts'
import { dropWaiting, waitingRow } from './waiting-rows.ts'

/** Rows that one transaction clears: each is three writes at most, of 100. */
const rowsAtOnce = 30
/** Transactions in a row that others were in the way of. */
const failuresMax = 20

/** A guild that is open is gone. `change`: what else is so then, and must be. */
export function endGuild(
  deps: GuildDeps,
  realmId: string,
  guild: GuildRow,
  change: GuildChange = {},
): GuildStep[] {
  const expires = expiresAt(deps.runtime.now() + guildGoneKeptMs)
  return [
    changeGuild(realmId, guild, { ...change, set: { ...change.set, state: 'gone', expires } }),
    { write: freeName(realmId, guild) },
  ]
}

/**
 * Clears what a guild that is gone has left, and tells its members. Three trips and two for each 30 rows. Throws
 * StoreError; whoever calls it again goes on.
 */
export async function clearGuild(deps: GuildDeps, of: GuildIn): Promise<void> {
  const guild = await readGuild(deps.store, of)
  if (guild?.state === 'open') return
  await eraseFromBoards(deps, of.realmId, of.guildId)
  const backoff = createBackoff(deps.runtime, { baseMs: 20, maxMs: 500 })
  for (let failures = 0; ;) {
    const { items } = await deps.store.query({
      table: 'core',
      // All rows but that of the guild, which is before them.
      keyCondition: 'pk = :pk AND sk > :guild',
      values: { ':pk': guildPartition(of), ':guild': 'GUILD' },
      limit: rowsAtOnce,
      consistent: true,
    })
    if (items.length === 0) return
    try {
      await deps.store.transact(items.flatMap((item) => clearRow(deps, of, guild, item)))
      failures = 0
    } catch (error) {
      // Others clear it too, or the store is busy: what is left shows with the next look.
      if (!(error instanceof StoreError) || error.refusal !== undefined) throw error
      if (++failures === failuresMax) throw error
      await deps.runtime.sleep(backoff.next())
    }
  }
}

function clearRow(deps: GuildDeps, of: GuildIn, guild: GuildRow | undefined, item: Item): Write[] {
  const key = { pk: item.pk, sk: item.sk }
  if (item.sk.startsWith('W#')) return dropWaiting(of.realmId, readRow(waitingRow, item))
  if (!item.sk.startsWith('M#')) return [{ delete: { table: 'core', key } }]
  const member = readRow(memberRow, item)
  const { accountId, characterId } = member
  const gone = dropMember(of, member)
  if (guild === undefined || characterId === guild.leaderId) return gone
  const { guildId, name, leaderName } = guild
  const to = { realmId: of.realmId, accountId }
  const news = { guildId, guild: name, characterId, name: leaderName }
  return [...gone, notify(deps.runtime, to, { kind: 'guild.disbanded', ...news })]
}

/**
 * The guild of a character; undefined when it is in none. Two trips when it is in one. What a guild that is gone
 * has left is cleared.
 */
export async function guildOf(deps: GuildDeps, of: CharacterIn): Promise<GuildRow | undefined> {
  const guildId = await readPointer(deps.store, of)
  if (guildId === undefined) return undefined
  const guild = await readGuild(deps.store, { realmId: of.realmId, guildId })
  if (guild?.state === 'open') return guild
  await clearGuild(deps, { realmId: of.realmId, guildId })
  return undefined
}
