// Finds the hosts of players, and sends them messages for players there.
import type { Cache, CacheCommand } from '../cache/cache.ts'
import { presenceWrittenAtOnce } from '../limits.ts'
import { inboxChannel } from '../ownership/inbox.ts'
import type { SocialEvent } from '../protocol/social-event.ts'
import type { Hint, PushMessage } from '../push/message.ts'
import { placeKey } from './entry.ts'

/** The hosts where players came in last, with these players. One trip. Fails with CacheError. */
export async function findHosts(
  cache: Cache,
  realmId: string,
  accountIds: readonly string[],
): Promise<Map<string, string[]>> {
  const hosts = new Map<string, string[]>()
  const commands = chunks(accountIds).map((some): CacheCommand => [
    'MGET',
    ...some.map((accountId) => placeKey(realmId, accountId)),
  ])
  const found = (await cache.pipeline(commands)).flat()
  for (const [i, bootId] of found.entries()) {
    if (typeof bootId !== 'string') continue
    const players = hosts.get(bootId) ?? []
    hosts.set(bootId, players)
    players.push(accountIds[i]!)
  }
  return hosts
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
