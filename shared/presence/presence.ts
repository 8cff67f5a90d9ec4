// Presence for functions: who of these players is in play. Redis alone knows. Without it all are `unknown`; nothing else
// changes.
import type { Presence } from '../api/friends.ts'
import { CacheError } from '../cache/cache.ts'
import type { Cache, CacheCommand } from '../cache/cache.ts'
import { cachePauseMs } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { hostKey, readEntry } from './entry.ts'
import type { PresenceEntry, SocketEntry } from './entry.ts'
import { findPlaces } from './hosts.ts'

/** A player who is there, outside zones. */
type InLobby = Pick<SocketEntry, 'since' | 'status'>

/**
 * The character in play; or since when the player is in the lobby; or `offline`, also for who wants to appear so; or
 * `unknown`, when Redis does not say.
 */
export type Found = PresenceEntry | InLobby | 'offline' | 'unknown'

export type PresenceReader = {
  /**
   * Who of the players is in play, with which character. Two trips to the cache, whatever their number. Never
   * fails. Only show it to players who may see it: to friends, to members of a guild.
   */
  read(realmId: string, accountIds: readonly string[]): Promise<Map<string, Found>>
}

export function createPresence(deps: {
  cache: Cache
  runtime: Pick<Runtime, 'now'>
}): PresenceReader {
  const { cache, runtime } = deps
  /** Until then the cache is left alone, so that not every request waits for it. */
  let pausedUntil = 0

  /** Undefined when the cache fails, or has failed just now. */
  async function tried<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (runtime.now() < pausedUntil) return undefined
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof CacheError)) throw error
      pausedUntil = runtime.now() + cachePauseMs
      return undefined
    }
  }

  return {
    async read(realmId, accountIds) {
      const online = await tried(async () => await readOnline(cache, realmId, accountIds))
      const otherwise = online === undefined ? 'unknown' : 'offline'
      return new Map(accountIds.map((id) => [id, online?.get(id) ?? otherwise]))
    },
  }
}

async function readOnline(
  cache: Cache,
  realmId: string,
  accountIds: readonly string[],
): Promise<Map<string, Found>> {
  const { hosts: places, sockets } = await findPlaces(cache, realmId, accountIds)
  const hosts = [...places]
  const answers = await cache.pipeline(
    hosts.map(([bootId, players]): CacheCommand => ['HMGET', hostKey(bootId), ...players]),
  )
  const online = new Map<string, Found>()
  for (const [accountId, { appear, since, status }] of sockets) {
    if (appear !== 'online') continue
    online.set(accountId, { since, ...(status === undefined ? {} : { status }) })
  }
  // Who is in play as well is shown in play.
  for (const [h, [, players]] of hosts.entries()) {
    const fields = answers[h]
    for (const [i, accountId] of players.entries()) {
      const text = Array.isArray(fields) ? fields[i] : undefined
      if (typeof text === 'string') online.set(accountId, readEntry(text) ?? 'unknown')
    }
  }
  return online
}

/** As the API shows it. */
export function presenceOf(found: Found): Presence {
  if (typeof found === 'string') return { state: found }
  if (!('zone' in found)) return { state: 'lobby', ...found }
  const { characterId: _, ...shown } = found
  return { state: 'online', ...shown }
}
