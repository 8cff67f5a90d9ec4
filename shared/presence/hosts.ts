// Finds the hosts of players, and tells players there that they have something new.
import * as z from 'zod'
import type { Cache, CacheCommand } from '../cache/cache.ts'
import { presenceWrittenAtOnce } from '../limits.ts'
import { inboxChannel } from '../ownership/inbox.ts'
import { placeKey } from './entry.ts'

const hint = z.object({
  /** Something new in the mailbox; another presence of a friend; another wish how he is shown himself. */
  of: z.enum(['mailbox', 'presence', 'shown']),
  /** Of the realm of the host. */
  accounts: z.array(z.string()).max(presenceWrittenAtOnce),
})

/** What players of a host should look at. It may be lost; then they see it later. */
export type Hint = z.infer<typeof hint>

/** The hint in a message to a host; undefined for what this version cannot read. */
export function readHint(message: string): Hint | undefined {
  try {
    return hint.safeParse(JSON.parse(message)).data
  } catch {
    return undefined
  }
}

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

/** Sends a hint to hosts. One trip, none for no host. Fails with CacheError. */
export async function sendHint(
  cache: Cache,
  of: Hint['of'],
  hosts: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const commands = [...hosts].flatMap(([bootId, players]) =>
    chunks(players).map((accounts): CacheCommand => {
      const message: Hint = { of, accounts }
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
