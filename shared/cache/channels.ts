// Channels that carry messages to those that listen now, within one process.
import { RedisError } from './arguments.ts'

export function createChannels(maxSubscriptions: number) {
  const channels = new Map<string, Set<(message: string) => void>>()
  let subscriptions = 0
  return {
    /** To how many listeners the message went. */
    publish(channel: string, message: string): number {
      const listeners = [...(channels.get(channel) ?? [])]
      for (const listener of listeners) listener(message)
      return listeners.length
    },
    /** Throws RedisError when there are too many. Calls `listener` until the returned function is called. */
    subscribe(channel: string, listener: (message: string) => void): () => void {
      if (subscriptions >= maxSubscriptions) {
        throw new RedisError('ERR max number of clients reached')
      }
      const listeners = channels.get(channel) ?? new Set()
      // A function of its own, so that the same listener may subscribe twice and leave once.
      const own = (message: string) => listener(message)
      channels.set(channel, listeners.add(own))
      subscriptions += 1
      return () => {
        if (!listeners.delete(own)) return
        subscriptions -= 1
        if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel)
      }
    },
  }
}
