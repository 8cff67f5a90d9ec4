// Time that moves only when a test says so: one queue of events, for timers, networks and servers.
import type { Runtime } from '#shared/runtime.ts'

export type Time = {
  readonly now: () => number
  readonly runtime: Runtime
  /** Numbers from 0 to below 1, the same in every run. */
  random(): number
  after(ms: number, act: () => void): () => void
  every(ms: number, act: () => void): () => void
  /** Moves on, doing what falls due in order. Promises settle in between. */
  pass(ms: number): Promise<void>
  /** Moves on until something holds; fails after `mostMs`. */
  until(holds: () => boolean, mostMs?: number): Promise<void>
}

type Due = { at: number; order: number; act: () => void }

/** `now` starts at a number like that of a real clock, so that no test passes because it is near zero. */
export function createTime(seed = 1): Time {
  let now = 1_790_000_000_000
  let order = 0
  let state = seed
  let queue: Due[] = []

  const random = () => {
    // Park and Miller's generator: enough for tests.
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const after = (ms: number, act: () => void) => {
    const due = { at: now + Math.max(0, ms), order: order++, act }
    queue.push(due)
    return () => {
      queue = queue.filter((each) => each !== due)
    }
  }
  const every = (ms: number, act: () => void) => {
    let stop = () => {}
    const again = () => {
      stop = after(ms, again)
      act()
    }
    stop = after(ms, again)
    return () => stop()
  }
  /** Lets every promise settle that can settle without time passing. */
  const settle = async () => {
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const pass = async (ms: number) => {
    const end = now + ms
    await settle()
    for (;;) {
      let next: Due | undefined
      for (const due of queue) {
        if (
          due.at <= end &&
          (!next || due.at < next.at || (due.at === next.at && due.order < next.order))
        ) {
          next = due
        }
      }
      if (next === undefined) break
      queue.splice(queue.indexOf(next), 1)
      now = Math.max(now, next.at)
      next.act()
      await settle()
    }
    now = end
    await settle()
  }

  return {
    now: () => now,
    random,
    after,
    every,
    pass,
    async until(holds, mostMs = 20_000) {
      const end = now + mostMs
      while (!holds()) {
        if (now >= end) throw new Error(`did not come to hold within ${mostMs} ms`)
        await pass(5)
      }
    },
    runtime: {
      now: () => now,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256)),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const stop = after(ms, resolve)
          const abort = () => {
            stop()
            reject(signal?.reason as Error)
          }
          if (signal?.aborted) abort()
          signal?.addEventListener('abort', abort, { once: true })
        }),
    },
  }
}
