// Tells players who are there now. Redis alone knows where they are. All of it may be lost, is not waited for and never
// fails: what a player must not miss is in the store, where he finds it without this.
import { CacheError } from '../cache/cache.ts'
import type { Cache } from '../cache/cache.ts'
import { cachePauseMs } from '../limits.ts'
import { findHosts, sendToHosts } from '../presence/hosts.ts'
import type { SocialEvent } from '../protocol/social-event.ts'
import type { Runtime } from '../runtime.ts'
import { broadcastChannel } from './message.ts'
import type { Hint } from './message.ts'

/** Call these after the commit that made it so. */
export type Push = {
  /** Tells players that they have something new. */
  hint(of: Hint['of'], realmId: string, accountIds: readonly string[]): void
  /** Sends these players an event, wherever they are. */
  send(realmId: string, accountIds: readonly string[], event: SocialEvent): void
  /** Sends an event to everybody in a realm, or in one of its zones. */
  broadcast(realmId: string, where: { zone?: string }, event: SocialEvent): void
}

export function createPush(deps: { cache: Cache; runtime: Pick<Runtime, 'now'> }): Push {
  const { cache, runtime } = deps
  /** Until then the cache is left alone, so that not every request waits for it. */
  let pausedUntil = 0

  async function tried(work: () => Promise<unknown>): Promise<void> {
    if (runtime.now() < pausedUntil) return
    try {
      await work()
    } catch (error) {
      if (!(error instanceof CacheError)) throw error
      pausedUntil = runtime.now() + cachePauseMs
    }
  }

  return {
    hint(of, realmId, accountIds) {
      if (accountIds.length === 0) return
      void tried(async () => {
        await sendToHosts(cache, { of }, await findHosts(cache, realmId, accountIds))
      })
    },
    send(realmId, accountIds, event) {
      if (accountIds.length === 0) return
      void tried(async () => {
        await sendToHosts(cache, { event }, await findHosts(cache, realmId, accountIds))
      })
    },
    broadcast(realmId, { zone }, event) {
      const channel = broadcastChannel(realmId, zone)
      void tried(async () => {
        await cache.pipeline([['PUBLISH', channel, JSON.stringify({ event })]])
      })
    },
  }
}
