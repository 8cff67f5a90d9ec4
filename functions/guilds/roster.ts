// The roster as a member sees it.
import type { GuildMember } from '#shared/api/guilds.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { presenceOf } from '#shared/presence/presence.ts'
import type { PresenceReader } from '#shared/presence/presence.ts'
import type { BlockersAmong } from '../friends/friends.ts'
import { memberShown } from './members.ts'
import type { MemberRow } from './store.ts'

/**
 * Members with their presence, for one of them. It is of the character in the guild: with another one, and in the
 * lobby, the player does not show here that he is there. Who has blocked the one who looks is offline. Two trips to the
 * cache, and one to the store when very many have blocked him.
 */
export async function rosterFor(
  presence: PresenceReader,
  { realmId, blockersAmong }: Player & { blockersAmong: BlockersAmong },
  members: readonly MemberRow[],
): Promise<GuildMember[]> {
  const players = new Set(members.map(({ accountId }) => accountId))
  const found = await presence.read(realmId, [...players])
  const seenOf = ({ accountId }: MemberRow) => found.get(accountId) ?? 'offline'
  const plays = (member: MemberRow) => {
    const seen = seenOf(member)
    return typeof seen === 'object' && 'zone' in seen && seen.characterId === member.characterId
  }
  const blockers = await blockersAmong(members.filter(plays).map(({ accountId }) => accountId))
  return members.map((member) => {
    const seen = seenOf(member)
    const hidden = typeof seen === 'object' && (!plays(member) || blockers.has(member.accountId))
    return { ...memberShown(member), presence: presenceOf(hidden ? 'offline' : seen) }
  })
}
