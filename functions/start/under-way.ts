// What goes on beside a request and is not waited for: hints, and messages to sockets. A Lambda stands still after its
// answer, so it waits for them first.
import type { Runtime } from '#shared/runtime.ts'

export type UnderWay = {
  /** The same promise, which `settled` then waits for. */
  watch<T>(promise: Promise<T>): Promise<T>
  /**
   * Resolves when nothing is under way: a request to the cache takes 500 ms at most, one to a socket 2 s, and a message
   * to a player takes three in turn.
   */
  settled(): Promise<void>
}

export function createUnderWay(runtime: Pick<Runtime, 'sleep'>): UnderWay {
  const all = new Set<Promise<unknown>>()
  return {
    watch(promise) {
      all.add(promise)
      void promise.catch(() => {}).finally(() => all.delete(promise))
      return promise
    },
    async settled() {
      // One may follow from another: a hint is sent to the host that was read before.
      while (all.size > 0) {
        await Promise.allSettled(all)
        await runtime.sleep(0)
      }
    },
  }
}
