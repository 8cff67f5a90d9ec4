// A guild begins and ends.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { Guild } from '#shared/api/guilds.ts'
import { Problem } from '#shared/problem.ts'
import { isReserved } from '#shared/rules/reserved-names.ts'
import { newId } from '#shared/runtime.ts'
import type { GuildDeps } from './deps.ts'
import { once } from '../http/once.ts'
import { notDeleted } from '../characters/characters.ts'
import { checkText } from '../moderation/moderation.ts'
import type { TextDeps } from '../moderation/moderation.ts'
import { inOrder, seatOf } from './acting.ts'
import type { Actor } from './acting.ts'
import { clearGuild, endGuild, guildOf } from './ending.ts'
import { firstRanks, leaderRankId } from './rights.ts'
import { addMember, foundGuild, logWrite } from './store.ts'
import type { GuildIn, GuildRow } from './store.ts'

/** A character founds a guild and leads it. Three trips in a row. */
export async function found(
  deps: GuildDeps & TextDeps,
  realmId: string,
  as: Actor,
  name: string,
  op: OperationId,
): Promise<Guild> {
  return await once(deps, op, async () => {
    const character = { realmId, characterId: as.characterId }
    const [me, current] = await inOrder(as.read(), guildOf(deps, character))
    if (isReserved(name)) throw new Problem('guild.name_refused')
    if (current !== undefined) throw new Problem('guild.in_guild')
    await checkText(deps, { realmId, accountId: me.accountId }, name, 'guildName')
    const [of, foundedAt] = [{ realmId, guildId: newId(deps.runtime) }, deps.runtime.now()]
    const guild = newGuild(of.guildId, name, me, foundedAt)
    const member = { ...me, rankId: leaderRankId, joinedAt: foundedAt }
    return {
      steps: [
        ...foundGuild(realmId, guild),
        ...addMember(of, member),
        { write: notDeleted({ realmId, accountId: me.accountId }, me.characterId) },
        { write: logWrite(deps.runtime, of, { kind: 'founded', name: me.name }) },
      ],
      answer: guildShown(guild),
    }
  })
}

function newGuild(
  guildId: string,
  name: string,
  leader: { characterId: string; accountId: string; name: string },
  foundedAt: number,
) {
  return {
    guildId,
    name,
    state: 'open' as const,
    foundedAt,
    leaderId: leader.characterId,
    leaderAccountId: leader.accountId,
    leaderName: leader.name,
    ranks: firstRanks.map((rank) => ({ ...rank, permissions: [...rank.permissions] })),
    rights: 0,
    members: 1,
    [`in${leaderRankId}`]: 1,
    invites: 0,
    applications: 0,
    logged: 1,
    changes: 1,
  }
}

/** The leader disbands the guild. Two trips in a row, then its rows are cleared. */
export async function disband(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const [, { guild }] = await inOrder(as.read(), seatOf(deps.store, of, as.characterId))
    if (guild.leaderId !== as.characterId) throw new Problem('guild.forbidden')
    return { steps: endGuild(deps, of.realmId, guild), answer: {} }
  })
  // Also when it is the repeat of a request that stopped here.
  await clearGuild(deps, of)
}

/** A guild as everybody may know it. */
export function guildShown({ guildId, name, leaderName, members, foundedAt }: GuildRow): Guild {
  return { guildId, name, leader: leaderName, members, foundedAt }
}
