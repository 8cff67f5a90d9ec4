// The roster as a member sees it.
import type { GuildMember } from '#shared/api/guilds.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { presenceOf } from '#shared/presence/presence.ts'
import type { PresenceReader } from '#shared/presence/presence.ts'
import { memberShown } from './members.ts'
import type { MemberRow } from './store.ts'

/**
 * Members with their presence, for one of them. It is of the character in the guild: with another one, and in the
 * lobby, the player does not show here that he is there. Who has blocked the one who looks is offline. Two trips to the cache.
 */
export async function rosterFor(
  presence: PresenceReader,
  { realmId, blockers }: Player & { blockers: ReadonlySet<string> },
  members: readonly MemberRow[],
): Promise<GuildMember[]> {
  const players = new Set(members.map(({ accountId }) => accountId))
  const found = await presence.read(realmId, [...players])
  return members.map((member) => {
    const seen = found.get(member.accountId) ?? 'offline'
    const plays =
      typeof seen === 'object' && 'zone' in seen && seen.characterId === member.characterId
    const hidden = typeof seen === 'object' && (!plays || blockers.has(member.accountId))
    return { ...memberShown(member), presence: presenceOf(hidden ? 'offline' : seen) }
  })
}
