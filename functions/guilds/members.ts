// Acts of members on members, on the ranks and on the message of the day. Each is one transaction on what was read:
// the rank of the one who acts, that of the other one, and the rights of the guild.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { GuildMember } from '#shared/api/guilds.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import { isChatText } from '#shared/protocol/chat-text.ts'
import type { GuildDeps } from './deps.ts'
import { once } from '../http/once.ts'
import { checkText, checkTexts } from '../moderation/moderation.ts'
import type { TextDeps } from '../moderation/moderation.ts'
import { acting, demand, inOrder, loggedChange, seatOf, tell } from './acting.ts'
import type { Actor } from './acting.ts'
import { changeRanks, isAbove, leaderRankId, secondOf } from './rights.ts'
import type { Rank, WantedRank } from './rights.ts'
import { changeGuild, countIn, dropMember, giveRank, readMember } from './store.ts'
import type { GuildIn, MemberRow } from './store.ts'

/** Two trips in a row, as all acts here. */
export async function leave(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const [, { guild, me }] = await inOrder(as.read(), seatOf(deps.store, of, as.characterId))
    if (guild.leaderId === me.characterId) throw new Problem('guild.leader')
    const change = { add: { members: -1, [`in${me.rankId}`]: -1 } }
    return {
      steps: [
        ...dropMember(of, me).map((write) => ({ write })),
        ...(await loggedChange(deps, of, guild, change, { kind: 'left', name: me.name })),
      ],
      answer: {},
    }
  })
}

export async function kick(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  characterId: string,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const { by, guild, me, other } = await twoOf(deps, of, as, characterId)
    demand(guild, me, 'kick')
    const member = known(other)
    if (!isAbove(guild.ranks, me.rankId, member.rankId)) throw new Problem('guild.rank_too_low')
    const change = { add: { members: -1, [`in${member.rankId}`]: -1 } }
    const entry = { kind: 'kicked', name: member.name, by: by.name } as const
    return {
      steps: [
        acting(of, me),
        ...dropMember(of, member).map((write) => ({ write })),
        ...(await loggedChange(deps, of, guild, change, entry)),
        tell(deps, of.realmId, guild, member, { kind: 'guild.kicked', name: by.name }),
      ],
      answer: {},
    }
  })
}

/** Gives a member another rank. */
export async function rank(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  { characterId, rankId }: { characterId: string; rankId: number },
  op: OperationId,
): Promise<GuildMember> {
  return await once(deps, op, async () => {
    const { by, guild, me, other } = await twoOf(deps, of, as, characterId)
    demand(guild, me, 'promote')
    const member = known(other)
    const to = guild.ranks.find((each) => each.rankId === rankId)
    if (to === undefined) throw new Problem('guild.rank_unknown')
    const above = [member.rankId, rankId].every((each) => isAbove(guild.ranks, me.rankId, each))
    if (!above) throw new Problem('guild.rank_too_low')
    const answer = memberShown({ ...member, rankId })
    if (rankId === member.rankId) {
      const unchanged = changeGuild(of.realmId, guild, {})
      return { steps: [acting(of, me), acting(of, member), unchanged], answer }
    }
    const change = { add: { [`in${member.rankId}`]: -1, [`in${rankId}`]: 1 } }
    const entry = { kind: 'ranked', name: member.name, by: by.name, rank: to.name } as const
    const news = { kind: 'guild.ranked', name: by.name, rank: to.name } as const
    return {
      steps: [
        acting(of, me),
        { write: giveRank(of, member, rankId) },
        ...(await loggedChange(deps, of, guild, change, entry)),
        tell(deps, of.realmId, guild, member, news),
      ],
      answer,
    }
  })
}

/** The leader hands over. He has the second rank then. */
export async function lead(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  characterId: string,
  op: OperationId,
): Promise<GuildMember> {
  return await once(deps, op, async () => {
    const { by, guild, me, other } = await twoOf(deps, of, as, characterId)
    if (guild.leaderId !== me.characterId) throw new Problem('guild.forbidden')
    const member = known(other)
    if (member.characterId === me.characterId) throw new Problem('guild.leader')
    const second = secondOf(guild.ranks).rankId
    const moved = second === member.rankId ? {} : { [`in${member.rankId}`]: -1, [`in${second}`]: 1 }
    const change = { add: moved, set: leaderSet(member, guild.rights) }
    const entry = { kind: 'led', name: member.name, by: by.name } as const
    return {
      steps: [
        { write: giveRank(of, me, second) },
        { write: giveRank(of, member, leaderRankId) },
        ...(await loggedChange(deps, of, guild, change, entry)),
        tell(deps, of.realmId, guild, member, { kind: 'guild.led', name: by.name }),
      ],
      answer: memberShown({ ...member, rankId: leaderRankId }),
    }
  })
}

/** What a guild says of its leader, and its rights after the change. */
export function leaderSet({ characterId, accountId, name }: MemberRow, rights: number) {
  return {
    leaderId: characterId,
    leaderAccountId: accountId,
    leaderName: name,
    rights: rights + 1,
  }
}

/** Sets the message of the day; an empty one takes it away. */
export async function message(
  deps: GuildDeps & TextDeps,
  of: GuildIn,
  as: Actor,
  text: string,
  op: OperationId,
): Promise<void> {
  const trimmed = text.trim()
  await once(deps, op, async () => {
    const [by, { guild, me }] = await inOrder(as.read(), seatOf(deps.store, of, as.characterId))
    demand(guild, me, 'message')
    if (trimmed !== '' && !isChatText(trimmed)) throw new Problem('guild.text_refused')
    const change =
      trimmed === ''
        ? { remove: 'message' }
        : { set: { message: await checkText(deps, player(of, me), trimmed, 'message') } }
    const entry = { kind: 'message', name: by.name } as const
    return {
      steps: [acting(of, me), ...(await loggedChange(deps, of, guild, change, entry))],
      answer: {},
    }
  })
}

/** Changes the ranks below that of the member. */
export async function ranks(
  deps: GuildDeps & TextDeps,
  of: GuildIn,
  as: Actor,
  wanted: readonly WantedRank[],
  op: OperationId,
): Promise<{ ranks: RankShown[] }> {
  return await once(deps, op, async () => {
    const [by, { guild, me }] = await inOrder(as.read(), seatOf(deps.store, of, as.characterId))
    demand(guild, me, 'ranks')
    if (!wanted.every(({ name }) => isChatText(name))) throw new Problem('guild.text_refused')
    const names = wanted.map(({ name }) => name)
    await checkTexts(deps, player(of, me), names, 'rank')
    const after = changeRanks(guild.ranks, wanted, me.rankId)
    if (typeof after === 'string') throw new Problem(after)
    const stay = new Set(after.map(({ rankId }) => rankId))
    const empty = guild.ranks.map(({ rankId }) => rankId).filter((rankId) => !stay.has(rankId))
    if (empty.some((rankId) => countIn(guild, rankId) > 0)) throw new Problem('guild.rank_in_use')
    const shown = after.map(rankShown)
    const change = { set: { ranks: shown, rights: guild.rights + 1 }, empty }
    const entry = { kind: 'ranks', name: by.name } as const
    return {
      steps: [acting(of, me), ...(await loggedChange(deps, of, guild, change, entry))],
      answer: { ranks: shown },
    }
  })
}

function player({ realmId }: GuildIn, { accountId }: MemberRow): Player {
  return { realmId, accountId }
}

/** The one who acts and the one he acts on. */
async function twoOf(deps: GuildDeps, of: GuildIn, as: Actor, characterId: string) {
  const [by, { guild, me }, other] = await inOrder(
    as.read(),
    seatOf(deps.store, of, as.characterId),
    readMember(deps.store, of, characterId),
  )
  return { by, guild, me, other }
}

function known(member: MemberRow | undefined): MemberRow {
  if (member === undefined) throw new Problem('guild.member_unknown')
  return member
}

/** A member as the others know it. */
export function memberShown({ characterId, name, rankId, joinedAt }: MemberRow): GuildMember {
  return { characterId, name, rankId, joinedAt }
}

export type RankShown = { rankId: number; name: string; permissions: Rank['permissions'][number][] }

export function rankShown({ rankId, name, permissions }: Rank): RankShown {
  return { rankId, name, permissions: [...permissions] }
}
