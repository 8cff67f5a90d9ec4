// The real clock, chance and timers. Imported by roots (start, Lambda entries, main.ts, tools) alone.
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Runtime } from './runtime.ts'

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  randomBytes: (count) => new Uint8Array(randomBytes(count)),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}),
}
