// Guilds by the words of their API, as sets and maps.
import type { Permission } from '#shared/api/guilds.ts'
import { guildWaitingMs } from '#shared/limits.ts'
import type { Around, FriendModel } from './friend-model.ts'

/** How many fit, beside what a test has added to the counts. */
export type GuildRoom = {
  members: number
  waiting: number
  invites: number
  applications: number
}

export type Rank = { id: number; permissions: readonly Permission[] }
type Waiting = { kind: 'invite' | 'application'; until: number; by?: string }
type ModelGuild = {
  name: string
  leader: string
  ranks: readonly Rank[]
  /** Their ranks, in the order in which they came. */
  members: Map<string, number>
  waiting: Map<string, Waiting>
}

/** One type for each act, so that they are told apart. */
type Each<What extends string, More> = What extends string
  ? { of: 'guilds'; what: What; guild: string } & More
  : never
type OnOther = { whom: string }
/** What comes from outside. */
type Coming = Each<'found' | 'join' | 'apply', unknown>
type MemberAct =
  | Each<'leave' | 'message' | 'disband', unknown>
  | Each<'invite' | 'accept' | 'decline' | 'kick' | 'lead', OnOther>
  | Each<'rank', OnOther & { rankId: number }>
  | Each<'ranks', { ranks: readonly Rank[] }>

export type GuildAct = Coming | MemberAct

const all: Permission[] = ['accept', 'invite', 'kick', 'message', 'promote', 'ranks']
const firstRanks: Rank[] = [
  { id: 0, permissions: all },
  { id: 1, permissions: ['invite', 'accept', 'kick', 'promote', 'message'] },
  { id: 2, permissions: ['invite'] },
  { id: 3, permissions: [] },
]

export class GuildModel {
  /** By id: one that was disbanded is not there. */
  private readonly guilds = new Map<string, ModelGuild>()

  private readonly room: GuildRoom
  private readonly friends: FriendModel
  private readonly around: Around
  constructor(room: GuildRoom, friends: FriendModel, around: Around) {
    this.room = room
    this.friends = friends
    this.around = around
  }

  private guildOf(who: string): string | undefined {
    return [...this.guilds].find(([, { members }]) => members.has(who))?.[0]
  }

  leaderOf(guildId: string): string | undefined {
    return this.guilds.get(guildId)?.leader
  }

  /** Whether a character is a member, or something waits for it. */
  knows(who: string): boolean {
    return [...this.guilds.values()].some(
      ({ members, waiting }) => members.has(who) || waiting.has(who),
    )
  }

  /** The code that it ends with. `guildId`: the guild that is meant, or the one that begins. */
  act(who: string, act: GuildAct, now: number, guildId: string): string {
    const { deleted, atOnce } = this.around
    // Who is deleted while he acts goes from the guild after that, and never comes into one.
    const comes = act.what === 'found' || act.what === 'join' || act.what === 'apply'
    if (deleted.has(who) && (comes || !atOnce)) return 'character.not_found'
    if (act.what === 'found') return this.found(who, act.guild, guildId)
    const guild = this.guilds.get(guildId)
    if (act.what === 'decline' && act.whom === who) {
      // What a guild that ends has left is cleared after it.
      const left = atOnce && guild === undefined
      return guild?.waiting.delete(who) || left ? 'done' : 'guild.not_waiting'
    }
    if (guild === undefined) return 'guild.not_found'
    if (act.what === 'join') return this.becomes(who, guild, who, 'invite', now)
    if (act.what === 'apply') {
      const refused = this.mayWait(guild, who, 'application', now)
      return refused ?? this.wait(guild, who, guild.leader, who, 'application', now)
    }
    const rank = guild.members.get(who)
    if (rank === undefined) return 'guild.not_member'
    if (act.what === 'disband') {
      if (guild.leader !== who) return 'guild.forbidden'
      this.guilds.delete(guildId)
      return 'done'
    }
    return this.byMember(who, guild, rank, act, now)
  }

  private found(who: string, name: string, guildId: string): string {
    if (this.guildOf(who) !== undefined) return 'guild.in_guild'
    if ([...this.guilds.values()].some((guild) => guild.name === name)) return 'guild.name_taken'
    const members = new Map([[who, 0]])
    const waiting = new Map<string, Waiting>()
    this.guilds.set(guildId, { name, leader: who, ranks: firstRanks, members, waiting })
    return 'done'
  }

  /** After its character is deleted. `leader`: who leads the guild then; undefined when it has ended. */
  leaveAsDeleted(who: string, leader: string | undefined): string {
    const guildId = this.guildOf(who)
    if (guildId === undefined || !this.around.deleted.has(who)) return 'guild.not_member'
    const guild = this.guilds.get(guildId)!
    guild.members.delete(who)
    if (guild.leader !== who) return 'done'
    const ranked = guild.ranks.map(({ id }) =>
      [...guild.members.keys()].filter((one) => guild.members.get(one) === id),
    )
    const highest = ranked.find((list) => list.length > 0) ?? []
    // Of acts at once the model does not know the moments at which they came.
    const heirs = this.around.atOnce ? highest : highest.slice(0, 1)
    if (highest.length === 0) this.guilds.delete(guildId)
    if (highest.length === 0 && leader === undefined) return 'done'
    if (leader === undefined || !heirs.includes(leader)) return `${leader}, not ${heirs.join()}`
    this.crown(guild, leader)
    return 'done'
  }

  /** What waits for nobody any more: its character is deleted, or it has expired. */
  forget(guildId: string, who: string, now: number): string {
    const guild = this.guilds.get(guildId)
    const waiting = guild?.waiting.get(who)
    if (guild === undefined || waiting === undefined) return 'done'
    if (!this.around.deleted.has(who) && waiting.until > now) return 'guild.waiting'
    guild.waiting.delete(who)
    return 'done'
  }

  private byMember(
    who: string,
    guild: ModelGuild,
    rank: number,
    act: Exclude<MemberAct, { what: 'disband' }>,
    now: number,
  ) {
    const may = (permission: Permission) =>
      guild.ranks.some(({ id, permissions }) => id === rank && permissions.includes(permission))
    const order = (id: number | undefined) => guild.ranks.findIndex((each) => each.id === id)
    const above = (id: number) => order(rank) < order(id)
    switch (act.what) {
      case 'invite': {
        if (!may('invite')) return 'guild.forbidden'
        if (this.around.deleted.has(act.whom)) return 'guild.unknown'
        const refused = this.mayWait(guild, act.whom, 'invite', now)
        return refused ?? this.wait(guild, who, act.whom, act.whom, 'invite', now)
      }
      case 'accept':
        if (!may('accept')) return 'guild.forbidden'
        return this.becomes(who, guild, act.whom, 'application', now)
      case 'decline': {
        const waiting = guild.waiting.get(act.whom)
        if (!may('invite') && !may('accept')) return 'guild.forbidden'
        if (waiting === undefined) return 'guild.not_waiting'
        if (!may(waiting.kind === 'invite' ? 'invite' : 'accept')) return 'guild.forbidden'
        guild.waiting.delete(act.whom)
        return 'done'
      }
      case 'leave':
        if (guild.leader === who) return 'guild.leader'
        guild.members.delete(who)
        return 'done'
      case 'kick': {
        if (!may('kick')) return 'guild.forbidden'
        const theirs = guild.members.get(act.whom)
        if (theirs === undefined) return 'guild.member_unknown'
        if (!above(theirs)) return 'guild.rank_too_low'
        guild.members.delete(act.whom)
        return 'done'
      }
      case 'rank': {
        if (!may('promote')) return 'guild.forbidden'
        const theirs = guild.members.get(act.whom)
        if (theirs === undefined) return 'guild.member_unknown'
        if (order(act.rankId) === -1) return 'guild.rank_unknown'
        if (!above(theirs) || !above(act.rankId)) return 'guild.rank_too_low'
        guild.members.set(act.whom, act.rankId)
        return 'done'
      }
      case 'lead':
        if (guild.leader !== who) return 'guild.forbidden'
        if (!guild.members.has(act.whom)) return 'guild.member_unknown'
        if (act.whom === who) return 'guild.leader'
        guild.members.set(who, guild.ranks[1]!.id)
        this.crown(guild, act.whom)
        return 'done'
      case 'message':
        return may('message') ? 'done' : 'guild.forbidden'
      case 'ranks': {
        if (!may('ranks')) return 'guild.forbidden'
        return this.edit(guild, rank, act.ranks)
      }
    }
  }

  private crown(guild: ModelGuild, who: string) {
    guild.members.set(who, 0)
    guild.leader = who
  }

  private edit(guild: ModelGuild, rank: number, ranks: readonly Rank[]): string {
    const before = guild.ranks
    if (ranks.some(({ id }) => !before.some((each) => each.id === id))) return 'guild.rank_unknown'
    const own = before.findIndex(({ id }) => id === rank)
    const same = ({ id, permissions }: Rank) => `${id} ${permissions.toSorted().join()}`
    for (const [i, was] of before.slice(0, own + 1).entries()) {
      if (i > 0 && (ranks[i] === undefined || same(ranks[i]) !== same(was)))
        return 'guild.rank_too_low'
    }
    const mine = before[own]!.permissions
    for (const { id, permissions } of ranks.slice(own + 1)) {
      const had = before.find((each) => each.id === id)!.permissions
      if (!permissions.every((each) => mine.includes(each) || had.includes(each))) {
        return 'guild.rank_too_low'
      }
    }
    const stays = new Set(ranks.map(({ id }) => id))
    if ([...guild.members.values()].some((id) => !stays.has(id))) return 'guild.rank_in_use'
    guild.ranks = ranks.map((each) => (each.id === 0 ? { id: 0, permissions: all } : each))
    return 'done'
  }

  private waitingIn(guild: ModelGuild, kind: string): number {
    return [...guild.waiting.values()].filter((each) => each.kind === kind).length
  }

  private waitingFor(who: string, kind: string): number {
    const guilds = [...this.guilds.values()]
    return guilds.filter(({ waiting }) => waiting.get(who)?.kind === kind).length
  }

  private most(kind: 'invite' | 'application'): number {
    return kind === 'invite' ? this.room.invites : this.room.applications
  }

  /** What has expired goes where it is in the way. */
  private mayWait(
    guild: ModelGuild,
    who: string,
    kind: 'invite' | 'application',
    now: number,
  ): string | undefined {
    if (!this.around.atOnce && this.guildOf(who) !== undefined) return 'guild.in_guild'
    const expired = ({ until }: Waiting) => until <= now
    const waiting = guild.waiting.get(who)
    if (waiting !== undefined && !expired(waiting)) return 'guild.waiting'
    if (!this.around.atOnce && guild.members.size >= this.room.members) return 'guild.full'
    const full = this.waitingIn(guild, kind) >= this.room.waiting
    const mostOf = this.waitingFor(who, kind) >= this.most(kind)
    guild.waiting.delete(who)
    if (full) {
      for (const [other, each] of guild.waiting) if (expired(each)) guild.waiting.delete(other)
    }
    if (mostOf) {
      for (const { waiting: list } of this.guilds.values()) {
        const each = list.get(who)
        if (each !== undefined && expired(each)) list.delete(who)
      }
    }
    return undefined
  }

  private wait(
    guild: ModelGuild,
    from: string,
    to: string,
    who: string,
    kind: 'invite' | 'application',
    now: number,
  ): string {
    if (this.friends.hasBlocked(from, to)) return 'guild.blocked'
    if (this.friends.hasBlocked(to, from)) return 'guild.unreachable'
    if (this.waitingIn(guild, kind) >= this.room.waiting) return 'guild.limit'
    if (this.waitingFor(who, kind) >= this.most(kind)) {
      return kind === 'invite' ? 'guild.unreachable' : 'guild.limit'
    }
    guild.waiting.set(who, { kind, until: now + guildWaitingMs, by: from })
    return 'done'
  }

  private becomes(by: string, guild: ModelGuild, who: string, kind: string, now: number): string {
    if (this.guildOf(who) !== undefined) return 'guild.in_guild'
    const waiting = guild.waiting.get(who)
    if (this.around.deleted.has(who)) return 'guild.not_waiting'
    if (waiting?.kind !== kind) return 'guild.not_waiting'
    if (waiting.until <= now) return 'guild.expired'
    if (guild.members.size >= this.room.members) return 'guild.full'
    const other = kind === 'invite' ? waiting.by! : who
    if (this.friends.hasBlocked(by, other)) return 'guild.blocked'
    if (this.friends.hasBlocked(other, by)) return 'guild.unreachable'
    const { leader } = guild
    if (kind === 'application' && by !== leader) {
      if (this.friends.hasBlocked(leader, who)) return 'guild.unreachable'
      if (this.friends.hasBlocked(who, leader)) return 'guild.unreachable'
    }
    guild.waiting.delete(who)
    guild.members.set(who, guild.ranks.at(-1)!.id)
    return 'done'
  }

  /** Each guild by its id: its name, who leads, the members with their ranks, what waits. */
  state() {
    const shown = [...this.guilds].map(([id, { name, leader, members, waiting }]) => {
      const kinds = [...waiting].map(([who, { kind }]) => [who, kind] as const)
      const of = { members: Object.fromEntries(members), waiting: Object.fromEntries(kinds) }
      return [id, { name, leader, ...of }] as const
    })
    return Object.fromEntries(shown)
  }
}
