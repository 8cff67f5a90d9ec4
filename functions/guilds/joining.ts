// How a character comes into a guild: invited or on its application. What holds when it is asked holds again in the
// transaction that makes it a member.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { GuildMember, GuildWaiting } from '#shared/api/guilds.ts'
import { guildMembersMax, guildWaitingMax, guildWaitingMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { GuildDeps } from './deps.ts'
import { once } from '../http/once.ts'
import { notDeleted, ownerOfName } from '../characters/characters.ts'
import { notBlocked } from '../friends/friends.ts'
import { acting, demand, inOrder, loggedChange, openGuild, seatOf, tell } from './acting.ts'
import type { Actor, Somebody } from './acting.ts'
import { guildOf } from './ending.ts'
import { lowestOf } from './rights.ts'
import type { GuildRefusal } from './rights.ts'
import { addMember, changeGuild, readGuild } from './store.ts'
import type { GuildIn, GuildRow, GuildStep, LogEntry, MemberRow } from './store.ts'
import {
  addWaiting,
  countOf,
  dropWaiting,
  hasMost,
  readCounts,
  readWaiting,
  waitingFor,
  waitingOf,
} from './waiting-rows.ts'
import type { WaitingRow } from './waiting-rows.ts'
import { acceptable, endWaiting, forgetExpired, forgetWaiting } from './waiting.ts'

/** A member invites the character of a name. Four trips in a row, some at once. */
export async function invite(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  name: string,
  op: OperationId,
): Promise<GuildWaiting> {
  return await once(deps, op, async () => {
    const [by, { guild, me }, other] = await inOrder(
      as.read(),
      seatOf(deps.store, of, as.characterId),
      ownerOfName(deps.store, of.realmId, name),
    )
    demand(guild, me, 'invite')
    if (other === undefined || other.deleted) throw new Problem('guild.unknown')
    await mayWait(deps, of, guild, other, 'invite')
    const row = waitingRowOf(deps, guild, other, 'invite', by)
    return {
      steps: [
        acting(of, me),
        ...mayReach(of.realmId, by, other),
        ...wait(of.realmId, guild, row, 'guild.unreachable'),
        alive(of.realmId, other, 'guild.unknown'),
        tell(deps, of.realmId, guild, other, { kind: 'guild.invited', name: by.name }),
      ],
      answer: shown(row),
    }
  })
}

/** A character applies. Three trips in a row, some at once. */
export async function apply(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  op: OperationId,
): Promise<GuildWaiting> {
  return await once(deps, op, async () => {
    const [me, guild] = await inOrder(as.read(), openGuild(deps.store, of))
    await mayWait(deps, of, guild, me, 'application')
    const row = waitingRowOf(deps, guild, me, 'application')
    const leader = leaderOf(guild)
    return {
      steps: [
        ...mayReach(of.realmId, me, leader),
        ...wait(of.realmId, guild, row, 'guild.limit'),
        alive(of.realmId, me, 'busy'),
        tell(deps, of.realmId, guild, leader, { kind: 'guild.applied', name: me.name }),
      ],
      answer: shown(row),
    }
  })
}

/** The invited character accepts. */
export async function join(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  op: OperationId,
): Promise<GuildMember> {
  return await once(deps, op, async () => {
    const [me, guild] = await inOrder(as.read(), openGuild(deps.store, of))
    const invited = await mayJoin(deps, of, guild, me, 'invite')
    const inviter = { accountId: invited.byAccountId!, characterId: invited.byCharacterId! }
    return await becomes(deps, of, guild, invited, { kind: 'joined', name: me.name }, [
      ...mayReach(of.realmId, me, inviter),
      tell(deps, of.realmId, guild, inviter, { kind: 'guild.joined', name: me.name }),
    ])
  })
}

/** A member accepts an application. */
export async function accept(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  characterId: string,
  op: OperationId,
): Promise<GuildMember> {
  return await once(deps, op, async () => {
    const [by, { guild, me }] = await inOrder(as.read(), seatOf(deps.store, of, as.characterId))
    demand(guild, me, 'accept')
    const applied = await mayJoin(deps, of, guild, { characterId }, 'application')
    const { name } = applied
    return await becomes(deps, of, guild, applied, { kind: 'joined', name, by: by.name }, [
      acting(of, me),
      ...mayReach(of.realmId, by, applied),
      ...(by.accountId === guild.leaderAccountId
        ? []
        : mayReach(of.realmId, leaderOf(guild), applied, 'guild.unreachable')),
      tell(deps, of.realmId, guild, applied, { kind: 'guild.accepted', name: by.name }),
    ])
  })
}

/** The character itself, or a member who may, ends what waits. */
export async function decline(
  deps: GuildDeps,
  of: GuildIn,
  as: Actor,
  characterId: string,
  op: OperationId,
): Promise<void> {
  await once(deps, op, async () => {
    const [, row] = await inOrder(as.read(), readWaiting(deps.store, of, characterId))
    if (as.characterId === characterId) {
      if (row === undefined) throw new Problem('guild.not_waiting')
      const guild = await readGuild(deps.store, of)
      return { steps: endWaiting(of.realmId, guild, row), answer: {} }
    }
    const { guild, me } = await seatOf(deps.store, of, as.characterId)
    demand(guild, me, 'invite', 'accept')
    if (row === undefined) throw new Problem('guild.not_waiting')
    demand(guild, me, row.kind === 'invite' ? 'invite' : 'accept')
    return { steps: [acting(of, me), ...endWaiting(of.realmId, guild, row)], answer: {} }
  })
}

/** Whether something of a kind may begin to wait. What has expired makes room. Throws Problem. */
async function mayWait(
  deps: GuildDeps,
  of: GuildIn,
  guild: GuildRow,
  other: { characterId: string },
  kind: WaitingRow['kind'],
): Promise<void> {
  const character = { realmId: of.realmId, characterId: other.characterId }
  const [current, row, counts] = await Promise.all([
    guildOf(deps, character),
    readWaiting(deps.store, of, other.characterId),
    readCounts(deps.store, character),
  ])
  if (current !== undefined) throw new Problem('guild.in_guild')
  if (row !== undefined && row.until > deps.runtime.now()) throw new Problem('guild.waiting')
  if (guild.members >= guildMembersMax) throw new Problem('guild.full')
  if (row !== undefined) await forgetWaiting(deps, of.realmId, row)
  // The transaction refuses what is full by name; here is room made.
  if (guild[kind === 'invite' ? 'invites' : 'applications'] >= guildWaitingMax) {
    await forgetExpired(deps, of.realmId, waitingOf(of))
  }
  if (hasMost(counts, kind)) await forgetExpired(deps, of.realmId, waitingFor(character))
}

/** What waits and may now make its character a member. Throws Problem. */
async function mayJoin(
  deps: GuildDeps,
  of: GuildIn,
  guild: GuildRow,
  other: { characterId: string },
  kind: WaitingRow['kind'],
): Promise<WaitingRow> {
  const [current, row] = await Promise.all([
    guildOf(deps, { realmId: of.realmId, characterId: other.characterId }),
    readWaiting(deps.store, of, other.characterId),
  ])
  if (current !== undefined) throw new Problem('guild.in_guild')
  const waits = acceptable(row, kind, deps.runtime.now())
  if (guild.members >= guildMembersMax) throw new Problem('guild.full')
  return waits
}

/** What waits becomes a member of the lowest rank. */
async function becomes(
  deps: GuildDeps,
  of: GuildIn,
  guild: GuildRow,
  row: WaitingRow,
  entry: LogEntry,
  more: readonly GuildStep[],
) {
  const { characterId, accountId, name } = row
  const { rankId } = lowestOf(guild.ranks)
  const member: MemberRow = {
    characterId,
    accountId,
    name,
    rankId,
    joinedAt: deps.runtime.now(),
  }
  const change = { add: { members: 1, [`in${rankId}`]: 1, [countOf(row)]: -1 } }
  return {
    steps: [
      ...more,
      ...dropWaiting(of.realmId, row).map((write) => ({ write })),
      ...(await loggedChange(deps, of, guild, change, entry)),
      ...addMember(of, member),
      alive(of.realmId, row, 'guild.not_waiting'),
    ],
    answer: { characterId, name, rankId, joinedAt: member.joinedAt },
  }
}

function wait(
  realmId: string,
  guild: GuildRow,
  row: WaitingRow,
  full: 'guild.limit' | 'guild.unreachable',
): GuildStep[] {
  return [
    changeGuild(realmId, guild, { add: { [countOf(row)]: 1 } }),
    ...addWaiting(realmId, row, full),
  ]
}

function waitingRowOf(
  { runtime }: GuildDeps,
  { guildId, name: guild }: GuildRow,
  { accountId, characterId, name }: Somebody,
  kind: WaitingRow['kind'],
  by?: Somebody,
): WaitingRow {
  const at = runtime.now()
  const of = { guildId, guild, characterId, accountId, name, kind, at, until: at + guildWaitingMs }
  if (by === undefined) return of
  return { ...of, byAccountId: by.accountId, byCharacterId: by.characterId }
}

/** What waits, as its guild and its character may know it. */
export function shown({ guildId, guild, characterId, name, kind, at, until }: WaitingRow) {
  return { guildId, guild, characterId, name, kind, at, until }
}

/**
 * Neither player has blocked the other one. Who has blocked is not told apart from who has too many invites.
 * `byMe`: what the one who acts hears of his own block.
 */
function mayReach(
  realmId: string,
  me: { accountId: string },
  other: { accountId: string },
  byMe: GuildRefusal = 'guild.blocked',
): GuildStep[] {
  const [mine, theirs] = [me.accountId, other.accountId]
  if (mine === theirs) return []
  return [
    { write: notBlocked({ realmId, accountId: mine }, theirs), otherwise: byMe },
    { write: notBlocked({ realmId, accountId: theirs }, mine), otherwise: 'guild.unreachable' },
  ]
}

function leaderOf({ leaderId, leaderAccountId }: GuildRow) {
  return { characterId: leaderId, accountId: leaderAccountId }
}

/** The character is not deleted: its deletion leaves the guilds that it finds. */
function alive(
  realmId: string,
  { accountId, characterId }: Omit<Somebody, 'name'>,
  otherwise: GuildRefusal | 'busy',
): GuildStep {
  return { write: notDeleted({ realmId, accountId }, characterId), otherwise }
}
