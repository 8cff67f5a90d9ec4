// What players do in a history, and how it is sent.
import { api } from '#shared/api/api.ts'
import type { Endpoint } from '#shared/api/endpoint.ts'
import { friendActs } from '../functions/friend-people.ts'
import { guildActs } from '../functions/guild-people.ts'
import { partyActs } from '../functions/party-people.ts'
import type { Person } from '../functions/people.ts'
import type { FriendAct } from './friend-model.ts'
import type { GuildAct } from './guild-model.ts'
import type { PartyAct } from './party-model.ts'

/** `of` and `what` are the domain and the name of its endpoint. */
export type Act = FriendAct | PartyAct | GuildAct | { of: 'characters'; what: 'delete' }

export type Player = ReturnType<typeof playerOf>

export function playerOf(somebody: Person) {
  return {
    ...somebody,
    friends: friendActs(somebody),
    parties: partyActs(somebody),
    guilds: guildActs(somebody),
  }
}

/** Method and path, which are part of the id of an operation. */
export function routeOf({ of, what }: Act): string {
  const endpoints: Record<string, Endpoint> = api[of].endpoints
  const { method, path } = endpoints[what]!
  return `${method} ${path}`
}

/** Sends it. `on`: the party or the guild that is meant. */
export async function send(
  player: Player,
  act: Act,
  other: Player,
  on: string,
  id: string,
): Promise<unknown> {
  const { friends, parties, guilds } = player
  switch (act.of) {
    case 'characters':
      return await player.remove(id)
    case 'friends':
      return await { ...friends, block: player.block, unblock: player.unblock }[act.what](other, id)
    case 'parties':
      switch (act.what) {
        case 'invite':
        case 'kick':
        case 'handOver':
          return await parties[act.what](other, id)
        case 'accept':
        case 'decline':
          return await parties[act.what](on, id)
        case 'leave':
        case 'askReady':
          return await parties[act.what](id)
        case 'answerReady':
          return await parties.answerReady(act.ready, id)
      }
      break
    case 'guilds':
      switch (act.what) {
        case 'found':
          return await guilds.found(act.guild, id)
        case 'join':
        case 'apply':
        case 'leave':
        case 'disband':
          return await guilds[act.what](on, id)
        case 'message':
          return await guilds.message(on, 'Hello', id)
        case 'invite':
        case 'accept':
        case 'decline':
        case 'kick':
        case 'lead':
          return await guilds[act.what](on, other, id)
        case 'rank':
          return await guilds.rank(on, other, act.rankId, id)
        case 'ranks': {
          const ranks = act.ranks.map(({ id: rankId, permissions }) => ({
            rankId,
            name: `Rank ${rankId}`,
            permissions,
          }))
          return await guilds.ranks(on, ranks, id)
        }
      }
  }
}
