// What other domains ask of guilds.
import { operationOf } from '#shared/store/commit.ts'
import type { GuildDeps } from './deps.ts'
import type { Store } from '#shared/store/store.ts'
import { once } from '../http/once.ts'
import { loggedChange, tell } from './acting.ts'
import { clearGuild, endGuild, guildOf } from './ending.ts'
import { leaderSet } from './members.ts'
import { leaderRankId } from './rights.ts'
import { dropMember, giveRank, readGuild, readMember, readPointer as guildIdOf } from './store.ts'
import type { CharacterIn, GuildIn, GuildRow, GuildStep, MemberRow } from './store.ts'
import { rosterOf } from './rosters.ts'
import { forgetAllFor } from './waiting.ts'

/** For who speaks and reads in a guild: the guild of a character, which may be gone; and, in a transaction, that it is. */
export { readPointer as guildIdOf, stillMember as stillInGuild } from './store.ts'

/** Whether a character is in a guild, and the guild is not gone. Two trips at once. */
export async function isInGuild(store: Store, of: CharacterIn, guildId: string): Promise<boolean> {
  const [mine, guild] = await Promise.all([
    guildIdOf(store, of),
    readGuild(store, { realmId: of.realmId, guildId }),
  ])
  return mine === guildId && guild?.state === 'open'
}

export { createRosters, rosterOf } from './rosters.ts'
export type { Rosters } from './rosters.ts'
export { followNameInGuild } from './renamed.ts'
export { followGuildName, guildTextFor, removeGuildText } from './moderated.ts'
export type { GuildPart } from './moderated.ts'
export type { GuildDeps } from './deps.ts'

/**
 * After the deletion of a character: it is in no guild, and nothing waits for it. A leader hands over to who has been
 * longest in the highest rank below; who is alone disbands. Nothing happens when it has happened before. `as`: the name
 * under which it goes, when its own is to be forgotten. Two trips when there is nothing to do. Throws StoreError and
 * world.busy.
 */
export async function leaveAsDeleted(deps: GuildDeps, of: CharacterIn, as?: string): Promise<void> {
  const [guild] = await Promise.all([guildOf(deps, of), forgetAllFor(deps, of)])
  if (guild !== undefined) await leaveGuild(deps, of, guild.guildId, as)
}

async function leaveGuild(
  deps: GuildDeps,
  { realmId, characterId }: CharacterIn,
  guildId: string,
  as: string | undefined,
) {
  const of = { realmId, guildId }
  const first = await readMember(deps.store, of, characterId)
  if (first === undefined) return
  // One stay in one guild: a character that is restored may come back.
  const fact = ['guilds.leave-as-deleted', realmId, characterId, guildId, first.joinedAt]
  await once(deps, operationOf(fact, {}), async () => {
    const [guild, me] = await Promise.all([
      guildOf(deps, { realmId, characterId }),
      readMember(deps.store, of, characterId),
    ])
    const steps =
      guild?.guildId === guildId && me !== undefined ? await without(deps, of, guild, me, as) : []
    return { steps, answer: {} }
  })
  await clearGuild(deps, of)
}

/** The guild without a member. */
async function without(
  deps: GuildDeps,
  of: GuildIn,
  guild: GuildRow,
  me: MemberRow,
  as: string | undefined,
): Promise<GuildStep[]> {
  const name = as ?? me.name
  const gone = dropMember(of, me).map((write) => ({ write }))
  if (guild.leaderId !== me.characterId) {
    const change = { add: { members: -1, [`in${me.rankId}`]: -1 } }
    return [...gone, ...(await loggedChange(deps, of, guild, change, { kind: 'left', name }))]
  }
  const heir = heirOf(guild, await rosterOf(deps.store, of))
  if (heir === undefined) {
    const forgotten = { leaderId: '', leaderAccountId: '', leaderName: as ?? '' }
    // Nobody has joined by now.
    return endGuild(deps, of.realmId, guild, {
      sameRoster: true,
      ...(as === undefined ? {} : { set: forgotten }),
    })
  }
  const change = {
    add: { members: -1, [`in${heir.rankId}`]: -1 },
    set: leaderSet(heir, guild.rights),
    // Nobody else is to lead by now.
    sameRoster: true,
  }
  const left = { kind: 'left', name } as const
  const led = { kind: 'led', name: heir.name, by: name } as const
  return [
    ...gone,
    { write: giveRank(of, heir, leaderRankId) },
    ...(await loggedChange(deps, of, guild, change, left, led)),
    tell(deps, of.realmId, guild, heir, { kind: 'guild.led', name }),
  ]
}

/** Of those below the leader: the highest rank, in it the longest there; of two that came at once the lower id. */
function heirOf(guild: GuildRow, roster: readonly MemberRow[]): MemberRow | undefined {
  const order = new Map(guild.ranks.map(({ rankId }, i) => [rankId, i]))
  const placeOf = ({ rankId }: MemberRow) => order.get(rankId) ?? order.size
  return roster
    .filter(({ characterId }) => characterId !== guild.leaderId)
    .toSorted(
      (a, b) =>
        placeOf(a) - placeOf(b) ||
        a.joinedAt - b.joinedAt ||
        (a.characterId < b.characterId ? -1 : 1),
    )[0]
}
