// Guilds by the words of their API, as sets and maps: what each act ends as when one comes after the other.
import { guildWaitingMs } from '#shared/limits.ts'

/** How many fit, beside what a test has added to the counts. */
export type Room = { members: number; waiting: number; invites: number; applications: number }

type Rank = { id: number; permissions: string[] }
type Waiting = { kind: 'invite' | 'application'; until: number; by?: string }
type ModelGuild = {
  leader: string
  ranks: Rank[]
  /** Their ranks, in the order in which they came. */
  members: Map<string, number>
  waiting: Map<string, Waiting>
}

/** One type for each act, so that they are told apart. */
type Each<What extends string, More> = What extends string ? { what: What } & More : never
type InGuild = { guild: string }
type OnOther = { guild: string; whom: string }
/** What needs no guild. */
type OwnAct = Each<'block' | 'unblock', { whom: string }> | Each<'remove' | 'week', unknown>
/** What comes from outside. */
type Coming = Each<'found' | 'join' | 'apply', InGuild>
type MemberAct =
  | Each<'leave' | 'message' | 'disband', InGuild>
  | Each<'invite' | 'accept' | 'decline' | 'kick' | 'lead', OnOther>
  | Each<'rank', OnOther & { rankId: number }>
  | Each<'ranks', InGuild & { ranks: Rank[] }>

export type ModelAct = OwnAct | Coming | MemberAct

const all = ['accept', 'invite', 'kick', 'message', 'promote', 'ranks']
const firstRanks: Rank[] = [
  { id: 0, permissions: all },
  { id: 1, permissions: ['invite', 'accept', 'kick', 'promote', 'message'] },
  { id: 2, permissions: ['invite'] },
  { id: 3, permissions: [] },
]

export class GuildModel {
  /** By name: a guild that was disbanded is not there. */
  readonly guilds = new Map<string, ModelGuild>()
  readonly blocks = new Set<string>()
  readonly deleted = new Set<string>()

  readonly room: Room
  constructor(room: Room) {
    this.room = room
  }

  guildOf(who: string): string | undefined {
    return [...this.guilds].find(([, { members }]) => members.has(who))?.[0]
  }

  /** The code that it ends with, `done` or a refusal. */
  act(who: string, act: ModelAct, now: number): string {
    if (act.what === 'week') return 'done'
    if (act.what === 'block') {
      this.blocks.add(`${who} ${act.whom}`)
      return 'done'
    }
    if (act.what === 'unblock') {
      return this.blocks.delete(`${who} ${act.whom}`) ? 'done' : 'friend.not_found'
    }
    if (this.deleted.has(who)) return 'character.not_found'
    if (act.what === 'remove') return this.remove(who)
    const guild = this.guilds.get(act.guild)
    if (act.what === 'found') {
      if (this.guildOf(who) !== undefined) return 'guild.in_guild'
      if (guild !== undefined) return 'guild.name_taken'
      const members = new Map([[who, 0]])
      const waiting = new Map<string, Waiting>()
      this.guilds.set(act.guild, { leader: who, ranks: firstRanks, members, waiting })
      return 'done'
    }
    if (act.what === 'decline' && act.whom === who) {
      return guild?.waiting.delete(who) ? 'done' : 'guild.not_waiting'
    }
    if (guild === undefined) return 'guild.not_found'
    if (act.what === 'join') return this.becomes(who, guild, who, 'invite', now)
    if (act.what === 'apply') {
      const refused = this.mayWait(guild, who, 'application', now)
      return refused ?? this.wait(guild, who, guild.leader, who, 'application', now)
    }
    const rank = guild.members.get(who)
    if (rank === undefined) return 'guild.not_member'
    return this.byMember(who, guild, rank, act, now)
  }

  private byMember(who: string, guild: ModelGuild, rank: number, act: MemberAct, now: number) {
    const may = (permission: string) =>
      guild.ranks.some(({ id, permissions }) => id === rank && permissions.includes(permission))
    const order = (id: number | undefined) => guild.ranks.findIndex((each) => each.id === id)
    const above = (id: number) => order(rank) < order(id)
    switch (act.what) {
      case 'invite': {
        if (!may('invite')) return 'guild.forbidden'
        if (this.deleted.has(act.whom)) return 'guild.unknown'
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
      case 'disband':
        if (guild.leader !== who) return 'guild.forbidden'
        this.guilds.delete(act.guild)
        return 'done'
    }
  }

  private crown(guild: ModelGuild, who: string) {
    guild.members.set(who, 0)
    guild.leader = who
  }

  private edit(guild: ModelGuild, rank: number, ranks: Rank[]): string {
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

  private remove(who: string): string {
    this.deleted.add(who)
    for (const { waiting } of this.guilds.values()) waiting.delete(who)
    const name = this.guildOf(who)
    if (name === undefined) return 'done'
    const guild = this.guilds.get(name)!
    guild.members.delete(who)
    if (guild.leader !== who) return 'done'
    for (const { id } of guild.ranks) {
      const heir = [...guild.members].find(([, rank]) => rank === id)
      if (heir === undefined) continue
      this.crown(guild, heir[0])
      return 'done'
    }
    this.guilds.delete(name)
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
    if (this.guildOf(who) !== undefined) return 'guild.in_guild'
    const expired = ({ until }: Waiting) => until <= now
    const waiting = guild.waiting.get(who)
    if (waiting !== undefined && !expired(waiting)) return 'guild.waiting'
    if (guild.members.size >= this.room.members) return 'guild.full'
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
    if (this.blocks.has(`${from} ${to}`)) return 'guild.blocked'
    if (this.blocks.has(`${to} ${from}`)) return 'guild.unreachable'
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
    if (waiting?.kind !== kind) return 'guild.not_waiting'
    if (waiting.until <= now) return 'guild.expired'
    if (guild.members.size >= this.room.members) return 'guild.full'
    const other = kind === 'invite' ? waiting.by! : who
    if (this.blocks.has(`${by} ${other}`)) return 'guild.blocked'
    if (this.blocks.has(`${other} ${by}`)) return 'guild.unreachable'
    const { leader } = guild
    if (kind === 'application' && by !== leader) {
      if (this.blocks.has(`${leader} ${who}`)) return 'guild.unreachable'
      if (this.blocks.has(`${who} ${leader}`)) return 'guild.unreachable'
    }
    guild.waiting.delete(who)
    guild.members.set(who, guild.ranks.at(-1)!.id)
    return 'done'
  }
}
