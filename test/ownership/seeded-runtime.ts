// A clock that the test sets, and random bytes from a seed.
import type { Runtime } from '#shared/runtime.ts'

/** `sleep` moves the clock on at once. */
export function seededRuntime(seed: number): Runtime & { advance(ms: number): void } {
  let now = 1_800_000_000_000
  let state = seed >>> 0
  const byte = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  }
  return {
    now: () => now,
    randomBytes: (count) => Uint8Array.from({ length: count }, byte),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      now += Math.ceil(ms)
      await Promise.resolve()
    },
    advance: (ms) => {
      now += ms
    },
  }
}
