// Who may do what in a guild. Ranks stand in order, the leader's first. An act needs the permission and a rank
// above that of its target, before and after the act. What a rank does not list it does not have.
import { permissions } from '#shared/api/guilds.ts'
import type { Permission } from '#shared/api/guilds.ts'
import { guildRanksMax } from '#shared/limits.ts'
import type { ProblemCode } from '#shared/problem.ts'

export type GuildRefusal = Extract<ProblemCode, `guild.${string}`>

export type Rank = {
  readonly rankId: number
  readonly name: string
  readonly permissions: readonly Permission[]
}

/** The rank of the leader. He alone has it, and it has all permissions. */
export const leaderRankId = 0

/** The ranks of a guild when it is founded. */
export const firstRanks: readonly Rank[] = [
  { rankId: leaderRankId, name: 'Leader', permissions },
  {
    rankId: 1,
    name: 'Officer',
    permissions: ['invite', 'accept', 'kick', 'promote', 'message'],
  },
  { rankId: 2, name: 'Member', permissions: ['invite'] },
  { rankId: 3, name: 'Recruit', permissions: [] },
]

/** Whether a rank has a permission. */
export function may(ranks: readonly Rank[], rankId: number, permission: Permission): boolean {
  return ranks.find((rank) => rank.rankId === rankId)?.permissions.includes(permission) ?? false
}

/** Whether one rank stands above another one. */
export function isAbove(ranks: readonly Rank[], rankId: number, other: number): boolean {
  const [mine, theirs] = [rankId, other].map((id) => ranks.findIndex((rank) => rank.rankId === id))
  return mine! >= 0 && mine! < theirs!
}

/** The rank in which a member begins, and the one that the leader has after he has handed over. */
export const lowestOf = (ranks: readonly Rank[]): Rank => ranks.at(-1)!
export const secondOf = (ranks: readonly Rank[]): Rank => ranks[1]!

/** A rank as it shall be; a new one has no id yet. */
export type WantedRank = Omit<Rank, 'rankId'> & { readonly rankId?: number | undefined }

/**
 * The ranks as a member wants them, or why not. He changes those below his own alone, and gives them no
 * permission that he does not have. The leader may also rename his own.
 */
export function changeRanks(
  before: readonly Rank[],
  wanted: readonly WantedRank[],
  by: number,
): readonly Rank[] | GuildRefusal {
  const own = before.findIndex(({ rankId }) => rankId === by)
  const ids = wanted.flatMap(({ rankId }) => (rankId === undefined ? [] : [rankId]))
  const known = new Set(before.map(({ rankId }) => rankId))
  if (ids.some((id) => !known.has(id))) return 'guild.rank_unknown'
  if (wanted.length < 2 || wanted.length > guildRanksMax || new Set(ids).size < ids.length) {
    return 'guild.ranks_refused'
  }
  if (wanted[0]!.rankId !== leaderRankId) return 'guild.ranks_refused'
  // Ids of this guild's ranks, new ones among them: a rank that goes now lends its id to none that comes now.
  const taken = new Set(known)
  const after = wanted.map(({ rankId, name, permissions: given }): Rank => {
    const id = rankId ?? freeId(taken)
    taken.add(id)
    const all = id === leaderRankId
    return { rankId: id, name, permissions: all ? permissions : [...new Set(given)].toSorted() }
  })
  for (let i = 0; i <= own; i++) {
    const renames = i === 0 && own === 0
    if (!sameRank(before[i]!, after[i], renames)) return 'guild.rank_too_low'
  }
  const mine = before[own]!.permissions
  const tooMuch = after.slice(own + 1).some(({ rankId, permissions: given }) => {
    const had = before.find((rank) => rank.rankId === rankId)?.permissions ?? []
    return given.some((each) => !mine.includes(each) && !had.includes(each))
  })
  return tooMuch ? 'guild.rank_too_low' : after
}

function freeId(taken: ReadonlySet<number>): number {
  let id = 0
  while (taken.has(id)) id++
  return id
}

function sameRank(a: Rank, b: Rank | undefined, renamed: boolean): boolean {
  if (b === undefined || a.rankId !== b.rankId) return false
  if (!renamed && a.name !== b.name) return false
  return (
    a.permissions.length === b.permissions.length &&
    a.permissions.every((each) => b.permissions.includes(each))
  )
}
