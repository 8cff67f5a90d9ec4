// Waiting with chance in it, so that those who failed together do not try again together.
import type { Runtime } from './runtime.ts'

export type Backoff = {
  /** Milliseconds to wait before the next try. At least `retryAfterS` when the server named one. */
  next(retryAfterS?: number): number
  reset(): void
}

export type BackoffOptions = {
  /** Wait after the first failure, at most. */
  baseMs: number
  /** No wait that the server did not ask for is longer. */
  maxMs: number
}

/** No server may keep a client away longer than this by Retry-After. */
const retryAfterMaxMs = 60_000

/** Longer after each failure: half of each wait is by chance ("equal jitter"). */
export function createBackoff(
  runtime: Pick<Runtime, 'randomBytes'>,
  { baseMs, maxMs }: BackoffOptions,
): Backoff {
  let failures = 0
  return {
    next(retryAfterS = 0) {
      const asked = Math.min(retryAfterMaxMs, Math.max(0, retryAfterS) * 1000)
      // The server named a time to come again. The random part only spreads the wave of clients.
      const most = asked > 0 ? Math.min(maxMs, asked) : maxMs
      const ceiling = Math.min(most, baseMs * 2 ** Math.min(failures, 16))
      failures++
      return asked + ceiling * (0.5 + chance(runtime) / 2)
    },
    reset() {
      failures = 0
    },
  }
}

/** A time by chance, from 1 ms to `most`: of two that met, one comes first the next time. */
export function jitterMs(runtime: Pick<Runtime, 'randomBytes'>, most: number): number {
  return 1 + Math.floor(chance(runtime) * most)
}

/** 0 to 1, 1 excluded, in steps of 1/65,536. */
function chance(runtime: Pick<Runtime, 'randomBytes'>): number {
  const [high = 0, low = 0] = runtime.randomBytes(2)
  return (high * 256 + low) / 65_536
}
