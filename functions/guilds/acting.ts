// What acts on a guild share: who acts, by which rank, what is logged and told.
import { guildLogMax, guildLogSlack } from '#shared/limits.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { News } from '#shared/notifications/notification.ts'
import { Problem } from '#shared/problem.ts'
import type { GuildDeps } from './deps.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Store } from '#shared/store/store.ts'
import { readPage } from '../http/page.ts'
import { may } from './rights.ts'
import { changeGuild, logOf, logWrite, readGuild, readMember, stillHasRank } from './store.ts'
import type { GuildChange, GuildIn, GuildRow, GuildStep, LogEntry, MemberRow } from './store.ts'
import type { Permission } from '#shared/api/guilds.ts'

/** A character, and whose it is. */
export type Somebody = { accountId: string; characterId: string; name: string }

/** The character that a request names, and what reads it: it must be the caller's. */
export type Actor = { characterId: string; read: () => Promise<Somebody> }

/** All at once; of their refusals the first one's. */
export async function inOrder<T extends readonly unknown[]>(
  ...all: { [I in keyof T]: Promise<T[I]> }
): Promise<T> {
  const settled = await Promise.allSettled(all)
  const refused = settled.find(({ status }) => status === 'rejected')
  if (refused?.status === 'rejected') throw refused.reason
  return await Promise.all(all)
}

/** A guild that is open. One trip. Throws guild.not_found. */
export async function openGuild(store: Store, of: GuildIn): Promise<GuildRow> {
  const guild = await readGuild(store, of)
  if (guild?.state !== 'open') throw new Problem('guild.not_found')
  return guild
}

/** A guild and a member of it. Two trips at once. Throws guild.not_found, guild.not_member. */
export async function seatOf(
  store: Store,
  of: GuildIn,
  characterId: string,
): Promise<{ guild: GuildRow; me: MemberRow }> {
  const [guild, me] = await Promise.all([readGuild(store, of), readMember(store, of, characterId)])
  if (guild?.state !== 'open') throw new Problem('guild.not_found')
  if (me === undefined) throw new Problem('guild.not_member')
  return { guild, me }
}

/** One of the permissions. Throws guild.forbidden. */
export function demand(guild: GuildRow, me: MemberRow, ...any: Permission[]): void {
  const allowed = any.some((each) => may(guild.ranks, me.rankId, each))
  if (!allowed) throw new Problem('guild.forbidden')
}

/** A change of a guild and its lines in the log. A log that is too long is cut first: two trips. */
export async function loggedChange(
  deps: GuildDeps,
  of: GuildIn,
  guild: GuildRow,
  change: GuildChange,
  ...entries: LogEntry[]
): Promise<GuildStep[]> {
  if (guild.logged >= guildLogMax + guildLogSlack) await trimLog(deps, of, guild)
  return [
    changeGuild(of.realmId, guild, { ...change, add: { ...change.add, logged: entries.length } }),
    ...entries.map((entry) => ({ write: logWrite(deps.runtime, of, entry) })),
  ]
}

/** The rank by which a member acts is still his. */
export function acting(of: GuildIn, me: MemberRow): GuildStep {
  return { write: stillHasRank(of, me) }
}

/**
 * Deletes the oldest entries of a log that is too long. Entries that expire go without being counted: so it counts
 * them anew.
 */
async function trimLog(deps: GuildDeps, of: GuildIn, guild: GuildRow): Promise<void> {
  const list = logOf(of)
  const { entries } = await readPage(
    deps.store,
    { ...list, query: { ...list.query, descending: false } },
    { limit: guildLogMax + 2 * guildLogSlack },
  )
  const oldest = entries.slice(0, Math.max(0, Math.min(entries.length - guildLogMax, 90)))
  const writes = oldest.map(({ at, logId }) => ({
    delete: {
      table: 'core' as const,
      key: list.keyAt({ at, id: logId }),
      condition: 'attribute_exists(pk)',
    },
  }))
  const logged = entries.length - oldest.length - guild.logged
  try {
    await deps.store.transact([
      ...writes,
      changeGuild(of.realmId, guild, { add: { logged } }).write,
    ])
  } catch (error) {
    // Another act trims it, or the next one does.
    if (!(error instanceof StoreError) || error.kind === 'invalid') throw error
  }
}

/** Tells the player of a character. */
export function tell(
  { runtime }: GuildDeps,
  realmId: string,
  { guildId, name: guild }: GuildRow,
  { accountId, characterId }: Omit<Somebody, 'name'>,
  news: GuildNews,
): GuildStep {
  const about = { guildId, guild, characterId, ...news }
  return { write: notify(runtime, { realmId, accountId }, about) }
}

type GuildNews = News extends infer One
  ? One extends { guildId: string }
    ? Omit<One, 'guildId' | 'guild' | 'characterId'>
    : never
  : never
