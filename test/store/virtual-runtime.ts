// Time that passes only while all code waits. Sleepers wake in the order of their times. So a test of seconds
// takes no time, and the order of events does not depend on the machine.
import { setImmediate } from 'node:timers'
import type { Runtime } from '#shared/runtime.ts'

export function virtualRuntime(seed: number): Runtime & { advance(ms: number): void } {
  let now = 1_800_000_000_000
  let state = seed >>> 0
  let waking = false
  const sleepers: { at: number; wake: () => void }[] = []

  function wakeNext(): void {
    waking = false
    sleepers.sort((a, b) => a.at - b.at)
    const next = sleepers.shift()
    if (next === undefined) return
    now = Math.max(now, next.at)
    next.wake()
    wakeSoon()
  }

  /** After all that is ready to run has run. */
  function wakeSoon(): void {
    if (waking || sleepers.length === 0) return
    waking = true
    setImmediate(wakeNext)
  }

  return {
    now: () => now,
    randomBytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state >>> 24
      }),
    sleep: async (ms) => {
      await new Promise<void>((wake) => {
        sleepers.push({ at: now + ms, wake })
        wakeSoon()
      })
    },
    advance: (ms) => {
      now += ms
    },
  }
}
