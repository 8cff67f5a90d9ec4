// Which act of a kind comes next, by dice. As a rule one that can be done: of any two players and any guild hardly one in
// twenty would. At times any one at all.
import type { Act } from './acts.ts'
import type { Rank } from './guild-model.ts'
import type { Model } from './model.ts'

/** The domain and the name of an act. */
export type What = Act extends infer One
  ? One extends { of: infer Of extends string; what: infer Name extends string }
    ? `${Of}.${Name}`
    : never
  : never

export type Choice = { what: What; dice: readonly number[]; any: boolean }

/** What a candidate leaves open is drawn. */
type Candidate = { who: string; whom?: string; guild?: string }

const rank = (id: number, ...permissions: Rank['permissions']): Rank => ({ id, permissions })
const [first, member, recruit] = [rank(0), rank(2, 'invite', 'kick'), rank(3)]
const officer = rank(1, 'accept', 'invite', 'kick', 'promote', 'ranks')
/** Ranks as a member may want them: in order, turned round, and without some. */
export const rankLists = [
  [first, officer, member, recruit],
  [first, member, rank(1, 'accept'), recruit],
  [first, officer, recruit],
  [first, officer, recruit, rank(2)],
  // What an officer lacks.
  [first, officer, rank(2, 'invite', 'message'), recruit],
]

export const guildNames = ['Lanterns', 'Owls', 'Smiths']

/** `cast`: the players of the history. */
export function choose(model: Model, cast: readonly string[], { what, dice, any }: Choice) {
  const draw = <T>(list: readonly T[], i: number): T => list[dice[i]! % list.length]!
  const alive = cast.filter((name) => !model.deleted.has(name))
  const found = any ? [] : candidates(model, alive, what)
  const one: Candidate = found.length > 0 ? draw(found, 0) : { who: draw(any ? cast : alive, 0) }
  const whom = one.whom ?? draw(cast, 1)
  const guild = one.guild ?? draw(guildNames, 2)
  // Where nobody can do it, something begins.
  const [of] = what.split('.')
  const does = found.length > 0 || any ? what : (beginnings[of!] ?? what)
  return { who: one.who, act: actOf(does, { whom, guild }, draw) }
}

const beginnings: { [of: string]: What } = {
  friends: 'friends.ask',
  parties: 'parties.invite',
  guilds: 'guilds.found',
}

function actOf(
  what: string,
  on: { whom: string; guild: string },
  draw: <T>(list: readonly T[], i: number) => T,
): Act {
  const [of, name] = what.split('.') as [string, string]
  switch (what) {
    case 'characters.delete':
      return { of: 'characters', what: 'delete' }
    case 'parties.answerReady':
      return { of: 'parties', what: 'answerReady', ready: draw([true, false], 2) }
    case 'guilds.rank':
      return { of: 'guilds', what: 'rank', ...on, rankId: draw([0, 1, 2, 3, 1, 2], 2) }
    case 'guilds.ranks':
      return { of: 'guilds', what: 'ranks', guild: on.guild, ranks: draw(rankLists, 2) }
    default:
      // All others say on whom, and in which guild, where they need that.
      return { of, what: name, ...(of === 'guilds' ? on : { whom: on.whom }) } as Act
  }
}

/** Who can do it, as far as one sees. */
function candidates(model: Model, alive: readonly string[], what: string): Candidate[] {
  const [of] = what.split('.')
  const members = () => [
    ...ofParties(model, 'parties.leave'),
    ...ofGuilds(model, alive, 'guilds.leave'),
  ]
  if (what === 'characters.delete') return [...members(), ...asked(model)]
  if (what === 'friends.block') return [...ofFriends(model, what), ...asked(model)]
  if (of === 'friends') return ofFriends(model, what)
  return of === 'parties' ? ofParties(model, what) : ofGuilds(model, alive, what)
}

/** Who is asked into a party or a guild, or asks, with its leader: both ways. */
function asked(model: Model): Candidate[] {
  const guilds = Object.values(model.guilds.state())
  const pairs = [
    ...ofParties(model, 'parties.accept'),
    ...guilds.flatMap(({ leader, waiting }) =>
      Object.keys(waiting).map((who) => ({ who, whom: leader })),
    ),
  ]
  return pairs.flatMap(({ who, whom }) => [
    { who, whom },
    { who: whom!, whom: who },
  ])
}

function ofFriends(model: Model, what: string): Candidate[] {
  const sides = (...states: string[]) =>
    Object.entries(model.friends.sides()).flatMap(([pair, state]) => {
      const [who, whom] = pair.split(' ') as [string, string]
      return states.includes(state) ? [{ who, whom }] : []
    })
  switch (what) {
    case 'friends.accept':
      return sides('received')
    case 'friends.end':
      return sides('friend', 'sent', 'received')
    case 'friends.block':
      return sides('friend', 'sent', 'received', 'blocked')
    case 'friends.unblock':
      return sides('blocked')
    default:
      return []
  }
}

function ofParties(model: Model, what: string): Candidate[] {
  const parties = Object.values(model.parties.state(0))
  const oldest = parties.slice(0, 1)
  switch (what) {
    case 'parties.invite':
      // Mostly of the oldest one, so that it fills.
      return [...oldest, ...oldest, ...oldest, ...parties].map(({ leader }) => ({ who: leader }))
    case 'parties.askReady':
      return parties.map(({ leader }) => ({ who: leader }))
    case 'parties.accept':
    case 'parties.decline':
      return parties.flatMap(({ leader, invited }) => invited.map((who) => ({ who, whom: leader })))
    case 'parties.kick':
    case 'parties.handOver':
      return parties.flatMap(({ leader, members }) =>
        members.map((whom) => ({ who: leader, whom })).filter(({ whom }) => whom !== leader),
      )
    default:
      return parties.flatMap(({ members }) => members.map((who) => ({ who })))
  }
}

function ofGuilds(model: Model, alive: readonly string[], what: string): Candidate[] {
  const guilds = Object.values(model.guilds.state())
  const alone = alive.filter((name) => !guilds.some(({ members }) => name in members))
  /** Who leads and his officers are there more often: they may do more. */
  const members = guilds.flatMap(({ name: guild, members: ranks }) =>
    Object.entries(ranks).flatMap(([who, rankId]) =>
      Array.from({ length: rankId < 2 ? 3 : 1 }, () => ({ who, guild })),
    ),
  )
  const waiting = guilds.flatMap(({ name: guild, waiting: kinds }) =>
    Object.entries(kinds).map(([who, kind]) => ({ who, kind, guild })),
  )
  const withEach = (others: readonly { who: string; guild: string }[]) =>
    members.flatMap(({ who, guild }) =>
      others
        .filter((other) => other.guild === guild && other.who !== who)
        .map((other) => ({ who, whom: other.who, guild })),
    )
  switch (what) {
    case 'guilds.found':
      return alone.map((who) => ({ who }))
    case 'guilds.apply':
      return alone.flatMap((who) => guilds.map(({ name: guild }) => ({ who, guild })))
    case 'guilds.join':
      return waiting.filter(({ kind }) => kind === 'invite')
    case 'guilds.accept':
      return withEach(waiting.filter(({ kind }) => kind === 'application'))
    case 'guilds.decline':
      return [...waiting.map(({ who, guild }) => ({ who, whom: who, guild })), ...withEach(waiting)]
    case 'guilds.kick':
    case 'guilds.rank':
    case 'guilds.lead':
      return withEach(members)
    default:
      return members
  }
}
