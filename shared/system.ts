// The real clock, chance and timers. Imported by roots (start, Lambda entries, main.ts, tools) alone.
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Runtime } from './runtime.ts'

export type System = {
  readonly runtime: Runtime
  readonly clocks: {
    /** Unix ms. */
    readonly now: () => number
    /** Milliseconds that never go back, with fractions. The same in all threads of a process. */
    readonly monotonic: () => number
  }
  /** Runs once after `ms`; returns a function that cancels it. */
  readonly setTimer: (run: () => void, ms: number) => () => void
}

/**
 * The world's time may run faster than that of the machine, for tests. Processes with one speed agree, and a
 * restart goes on where time was, because all count from this moment.
 */
const fastSince = Date.UTC(2026, 0, 1)

/** All that a process waits for and reads from a clock, `speed` times as fast. */
export function systemAt(speed: number): System {
  const now = () => (speed === 1 ? Date.now() : fastSince + (Date.now() - fastSince) * speed)
  return {
    runtime: {
      now,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      sleep: (ms, signal) => wait(ms / speed, undefined, signal ? { signal } : {}),
    },
    clocks: {
      now,
      // performance.now() counts from each thread's own start.
      monotonic: () => (Number(process.hrtime.bigint() / 1000n) / 1000) * speed,
    },
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms / speed)
      return () => clearTimeout(timer)
    },
  }
}

export const systemRuntime: Runtime = systemAt(1).runtime
