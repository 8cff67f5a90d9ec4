// A clock for tests that wait long: its time passes while nothing is left to do. What runs between two events
// may take turns of Node's loop (an SDK does), so it gets some before time goes on.
import { setImmediate } from 'node:timers'
import { setTimeout as wait } from 'node:timers/promises'
import type { Runtime } from '#shared/runtime.ts'
import { createRandom } from '../simulation/random.ts'

type Event = { at: number; run: (() => void) | undefined }

export type VirtualTime = ReturnType<typeof createVirtualTime>

/** `turns`: of Node's loop, after each event. */
export function createVirtualTime(seed: number, turns = 1) {
  const events: Event[] = []
  const { next: random, bytes } = createRandom(seed, 'fleet')
  let now = Date.UTC(2026, 0, 1)

  /** Runs once; returns a function that cancels it. */
  function after(ms: number, run: () => void): () => void {
    const event: Event = { at: now + Math.max(0, Math.ceil(ms)), run }
    let low = 0
    for (let high = events.length; low < high;) {
      const middle = (low + high) >> 1
      if (events[middle]!.at <= event.at) low = middle + 1
      else high = middle
    }
    events.splice(low, 0, event)
    return () => (event.run = undefined)
  }

  async function turn(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve))
  }

  /** What an SDK loads at its first use takes real time. */
  async function somethingHappens(happened: () => boolean): Promise<void> {
    const timeoutAt = performance.now() + 5000
    while (!happened()) {
      if (performance.now() > timeoutAt) throw new Error('the work waits for nothing that happens')
      await wait(1)
    }
  }

  const runtime: Runtime = {
    now: () => now,
    randomBytes: bytes,
    sleep: async (ms, signal) =>
      await new Promise((resolve, reject) => {
        const cancel = after(ms, resolve)
        signal?.addEventListener('abort', () => {
          cancel()
          reject(signal.reason as Error)
        })
      }),
  }

  return {
    runtime,
    random,
    after,
    /** Runs the work while time passes. */
    async run<T>(work: () => Promise<T>): Promise<T> {
      let over = false
      const done = work().finally(() => (over = true))
      done.catch(() => undefined)
      for (;;) {
        await turn(turns)
        if (over) return await done
        let event = events.shift()
        while (event !== undefined && event.run === undefined) event = events.shift()
        if (event === undefined) {
          await somethingHappens(() => over || events.length > 0)
          continue
        }
        now = event.at
        event.run?.()
      }
    },
  }
}
