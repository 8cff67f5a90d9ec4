// Finds where players are, and sends messages to zone hosts for players there.
import type { Cache, CacheCommand } from '../cache/cache.ts'
import { presenceWrittenAtOnce } from '../limits.ts'
import { inboxChannel } from '../ownership/inbox.ts'
import type { SocialEvent } from '../protocol/social-event.ts'
import type { Hint, PushMessage } from '../push/message.ts'
import { placeKey, readSocketEntry, socketKey } from './entry.ts'
import type { SocketEntry } from './entry.ts'

export type Places = {
  /** The hosts where players came in last, with these players. */
  hosts: Map<string, string[]>
  /** The social sockets of those who have one, by account id. */
  sockets: Map<string, SocketEntry>
}

/** One trip. Fails with CacheError. */
export async function findPlaces(
  cache: Cache,
  realmId: string,
  accountIds: readonly string[],
): Promise<Places> {
  const keysOf = (accountId: string) => [
    placeKey(realmId, accountId),
    socketKey(realmId, accountId),
  ]
  const commands = chunks(accountIds).map((some): CacheCommand => ['MGET', ...some.flatMap(keysOf)])
  const found = (await cache.pipeline(commands)).flat()
  const places: Places = { hosts: new Map(), sockets: new Map() }
  for (const [i, accountId] of accountIds.entries()) {
    const [bootId, text] = [found[2 * i], found[2 * i + 1]]
    if (typeof bootId === 'string') {
      const players = places.hosts.get(bootId) ?? []
      places.hosts.set(bootId, players)
      players.push(accountId)
    }
    const entry = typeof text === 'string' ? readSocketEntry(text) : undefined
    if (entry !== undefined) places.sockets.set(accountId, entry)
  }
  return places
}

/** Sends a hint or an event to players of hosts. One trip, none for no host. Fails with CacheError. */
export async function sendToHosts(
  cache: Cache,
  what: Pick<Hint, 'of'> | { event: SocialEvent },
  hosts: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const commands = [...hosts].flatMap(([bootId, players]) =>
    chunks(players).map((accounts): CacheCommand => {
      const message: PushMessage = { ...what, accounts }
      return ['PUBLISH', inboxChannel(bootId), JSON.stringify(message)]
    }),
  )
  await cache.pipeline(commands)
}

function chunks(all: readonly string[]): string[][] {
  const some: string[][] = []
  for (let i = 0; i < all.length; i += presenceWrittenAtOnce) {
    some.push(all.slice(i, i + presenceWrittenAtOnce))
  }
  return some
}
