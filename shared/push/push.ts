// Tells players who are there now. Redis alone knows where they are: on a zone host, or at a social socket. All of it
// may be lost, is not waited for and never fails: what a player must not miss is in the store, where he finds it
// without this.
import { CacheError } from '../cache/cache.ts'
import type { Cache, CacheCommand } from '../cache/cache.ts'
import { cachePauseMs, socialPaceMs, socialToldMax } from '../limits.ts'
import { openSocketsKey, socketKey } from '../presence/entry.ts'
import { findPlaces, sendToHosts } from '../presence/hosts.ts'
import type { SocialEvent } from '../protocol/social-event.ts'
import type { Runtime } from '../runtime.ts'
import { broadcastChannel } from './message.ts'
import type { Hint } from './message.ts'
import type { Sockets } from './sockets.ts'

/** Call these after the commit that made it so. */
export type Push = {
  /** Tells players that they have something new. */
  hint(of: Hint['of'], realmId: string, accountIds: readonly string[]): void
  /** Sends these players an event, wherever they are. */
  send(realmId: string, accountIds: readonly string[], event: SocialEvent): void
  /**
   * Sends an event to everybody in a realm, in one of its zones, or in one instance of a zone. Social sockets that listen to the channel of a
   * line are told once a second that there is something to read; of anything else all of a realm are told, and none
   * of what concerns one zone.
   */
  broadcast(realmId: string, where: { zone?: string; instance?: string }, event: SocialEvent): void
}

export function createPush(deps: {
  cache: Cache
  sockets: Sockets
  runtime: Pick<Runtime, 'now'>
}): Push {
  const { cache, sockets, runtime } = deps
  /** Until then the cache is left alone, so that not every request waits for it. */
  let pausedUntil = 0

  function tried(work: () => Promise<unknown>): void {
    if (runtime.now() < pausedUntil) return
    void work().catch((error: unknown) => {
      if (!(error instanceof CacheError)) throw error
      pausedUntil = runtime.now() + cachePauseMs
    })
  }

  function tell(
    realmId: string,
    accountIds: readonly string[],
    what: Pick<Hint, 'of'> | { event: SocialEvent },
  ): void {
    if (accountIds.length === 0) return
    tried(async () => {
      const places = await findPlaces(cache, realmId, accountIds)
      // Two ways at once; a slow socket does not hold up the hosts.
      const event = eventOf(what)
      const posted =
        event === undefined ? [] : [...places.sockets].slice(0, socialToldMax).map(toSocket(event))
      await Promise.all([sendToHosts(cache, what, places.hosts), ...posted])
    })

    function toSocket(event: SocialEvent) {
      const text = JSON.stringify(event)
      return async ([accountId, { connectionId }]: [string, { connectionId: string }]) => {
        if ((await sockets.post(connectionId, text)) !== 'gone') return
        await cache.pipeline([
          ['DEL', socketKey(realmId, accountId)],
          ['HDEL', openSocketsKey(realmId), connectionId],
        ])
      }
    }
  }

  /** Tells some of the sockets of a realm: those that listen to the channel, or all. */
  async function toListeners(realmId: string, event: SocialEvent, channel?: string): Promise<void> {
    const key = openSocketsKey(realmId)
    const [drawn] = await cache.pipeline([['HRANDFIELD', key, socialToldMax, 'WITHVALUES']])
    const pairs = Array.isArray(drawn) ? drawn : []
    const text = JSON.stringify(event)
    const gone: string[] = []
    const posts = pairs.map(async (connectionId, i) => {
      if (i % 2 === 1 || connectionId === null) return
      if (channel !== undefined && pairs[i + 1]?.split(' ').includes(channel) !== true) return
      if ((await sockets.post(connectionId, text)) === 'gone') gone.push(connectionId)
    })
    await Promise.all(posts)
    if (gone.length > 0) await cache.pipeline([['HDEL', key, ...gone]])
  }

  return {
    hint: (of, realmId, accountIds) => tell(realmId, accountIds, { of }),
    send: (realmId, accountIds, event) => tell(realmId, accountIds, { event }),
    broadcast(realmId, { zone, instance }, event) {
      const publish: CacheCommand = [
        'PUBLISH',
        broadcastChannel(realmId, zone),
        JSON.stringify({ event, instance }),
      ]
      const channel = event.kind === 'said' || event.kind === 'lost' ? event.channel : undefined
      tried(async () => {
        if (channel === undefined) {
          await cache.pipeline([publish])
          if (zone === undefined) await toListeners(realmId, event)
          return
        }
        // Who asks first in a second tells the others. Clients read a second after they were told (docs/protocol.md),
        // so they have what was said until then.
        const paceKey = `social:pace:${realmId}:${channel}`
        const pace: CacheCommand = ['SET', paceKey, '1', 'PX', socialPaceMs, 'NX']
        const [, first] = await cache.pipeline([publish, pace])
        if (first === 'OK') await toListeners(realmId, { kind: 'lost', channel }, channel)
      })
    },
  }
}

/** What a social socket gets; it learns how its player wants to be seen from the store. */
function eventOf(what: Pick<Hint, 'of'> | { event: SocialEvent }): SocialEvent | undefined {
  if ('event' in what) return what.event
  return what.of === 'mailbox' || what.of === 'presence'
    ? { kind: 'notified', of: what.of }
    : undefined
}
