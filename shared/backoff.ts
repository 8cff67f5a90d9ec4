// Waiting longer after each failure, with chance in it, so that players who lost the same server do
// not come back in one wave ("full jitter" above a floor).
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
      const [low, high] = runtime.randomBytes(2)
      const chance = (low! | (high! << 8)) / 65_536
      return asked + ceiling * (0.5 + chance / 2)
    },
    reset() {
      failures = 0
    },
  }
}
