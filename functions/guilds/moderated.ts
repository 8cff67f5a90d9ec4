// What others read of a guild, for moderators: its name, its message of the day and the names of its ranks. They are
// reported as they are, and taken away when a moderator says so.
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { readPage } from '../http/page.ts'
import { renameGuildOnBoards } from '../leaderboards/leaderboards.ts'
import { loggedChange } from './acting.ts'
import type { GuildDeps } from './deps.ts'
import { freeName, logOf, readGuild, readMember, takeName } from './store.ts'
import type { GuildChange, GuildIn, GuildRow, GuildStep } from './store.ts'
import { nameWaitingGuild, waitingOf } from './waiting-rows.ts'

export type GuildPart = 'name' | 'message' | 'ranks'

/** How far back the writer of a text is looked for. */
const entriesLookedAt = 100

export type GuildText = {
  text: string
  leader: { accountId: string; name: string }
  /** Who wrote it and when, if the log still says so. */
  written?: { name: string; at: number }
}

function textOf(guild: GuildRow, part: GuildPart): string | undefined {
  if (part === 'ranks') return guild.ranks.map(({ name }) => name).join('\n')
  return guild[part]
}

/**
 * A text of a guild as a character can read it, and who answers for it. The name is for everybody, the rest for members.
 * Undefined when there is none. Two trips in a row.
 */
export async function guildTextFor(
  store: Store,
  { characterId, ...of }: GuildIn & { characterId: string },
  part: GuildPart,
): Promise<GuildText | undefined> {
  const [guild, me] = await Promise.all([readGuild(store, of), readMember(store, of, characterId)])
  if (guild?.state !== 'open' || (part !== 'name' && me === undefined)) return undefined
  const text = textOf(guild, part)
  if (text === undefined) return undefined
  const leader = { accountId: guild.leaderAccountId, name: guild.leaderName }
  if (part === 'name') return { text, leader }
  const { entries } = await readPage(store, logOf(of), { limit: entriesLookedAt })
  const entry = entries.find(({ kind }) => kind === part)
  return { text, leader, ...(entry && { written: { name: entry.name, at: entry.at } }) }
}

/**
 * Takes a text away, if it is still the one that is meant: the message is gone, ranks are numbered, the guild has a name
 * of chance. One trip. `of.name`: who answers for it, for the log.
 */
export async function removeGuildText(
  deps: GuildDeps,
  of: GuildIn & { name: string },
  part: GuildPart,
  text: string,
): Promise<GuildStep[]> {
  const { realmId, guildId } = of
  const guild = await readGuild(deps.store, { realmId, guildId })
  if (guild?.state !== 'open' || textOf(guild, part) !== text) return []
  const rights = guild.rights + 1
  const name = chanceName(deps.runtime)
  const changes: { [one in GuildPart]: GuildChange } = {
    message: { remove: 'message' },
    ranks: { set: { ranks: numbered(guild), rights } },
    // Who has read the old name does not write it any more.
    name: { set: { name, rights } },
  }
  const entry = { kind: 'moderated', name: of.name } as const
  const named =
    part === 'name' ? [takeName(realmId, { guildId, name }), freeName(realmId, guild)] : []
  return [
    ...(await loggedChange(deps, { realmId, guildId }, guild, changes[part], entry)),
    ...named.map((write) => ({ write })),
  ]
}

const numbered = ({ ranks }: GuildRow) =>
  ranks.map(({ rankId, permissions }, i) => ({ rankId, name: `Rank ${i + 1}`, permissions }))

/** Without vowels, so that no word comes of them; and without letters that look like others. */
const letters = 'bcdfghkpqrstvxyz'

function chanceName({ randomBytes }: Pick<Runtime, 'randomBytes'>): string {
  return `Guild ${[...randomBytes(8)].map((byte) => letters[byte % letters.length]).join('')}`
}

/**
 * A guild has another name: leaderboards take it over, and invites and applications that wait. One trip for each page of
 * what waits, and one for each. Safe to repeat. Throws StoreError.
 */
export async function followGuildName(deps: GuildDeps, of: GuildIn): Promise<void> {
  const guild = await readGuild(deps.store, of)
  if (guild?.state !== 'open') return
  const { name } = guild
  await renameGuildOnBoards(deps, of, name)
  for (let after: string | undefined; ;) {
    const query = { limit: 100, ...(after === undefined ? {} : { after }) }
    const page = await readPage(deps.store, waitingOf(of), query)
    for (const row of page.entries) {
      if (row.guild !== name) await nameWaitingGuild(deps.store, of.realmId, row, name)
    }
    if (page.next === undefined) return
    after = page.next
  }
}
