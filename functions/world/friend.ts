// Where the friend is to whom a player wishes to come. He is followed only where he may be seen.
import { parseCharacterRows, readCharacterRows } from '#shared/ownership/guard.ts'
import type { Guard } from '#shared/ownership/guard.ts'
import { readCard } from '#shared/ownership/card.ts'
import type { Card } from '#shared/ownership/card.ts'
import { readShown } from '#shared/presence/circle.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { friendOf } from '../friends/friends.ts'
import { plays } from './mates.ts'
import { readSeat } from './seat.ts'

/**
 * The instance of the zone in which the friend is, or why he is not followed. `unseen`: he is no friend, does not play,
 * or wishes not to be seen. Nothing says which of them.
 */
export type FriendAt = Card | 'elsewhere' | 'unseen'

/** Two trips in sequence for a friend, one for a stranger. */
export async function readFriend(
  { store, runtime }: { store: Store; runtime: Pick<Runtime, 'now'> },
  { realmId, accountId }: Guard,
  zone: string,
  playerId: string,
): Promise<FriendAt> {
  const them = { realmId, accountId: playerId }
  // A friendship is one state of both: who has blocked or been blocked is no friend.
  const [friend, shown, seat] = await Promise.all([
    friendOf(store, { realmId, accountId }, playerId),
    readShown(store, them),
    readSeat(store, realmId, playerId),
  ])
  if (friend === undefined || seat === undefined) return 'unseen'
  // Read for who wishes not to be seen as well: how long the answer takes must not tell.
  const [page, card] = await Promise.all([
    store.query(readCharacterRows(realmId, seat.characterId)),
    readCard(store, realmId, seat),
  ])
  const guard = parseCharacterRows(realmId, seat.characterId, page.items)?.guard
  const isThere = guard?.owner === seat.bootId && guard.instance === seat.instance
  if (shown.appear !== 'online' || !isThere || !plays(guard, runtime.now())) return 'unseen'
  const isShared = card !== undefined && card.kind === undefined
  return isShared && card.zone === zone ? card : 'elsewhere'
}
