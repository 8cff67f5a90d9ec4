// A token bucket: how much may be taken at once, and how fast it comes back.

export type TokenBucket = { tokens: number; refilledAt: number; burst: number; perMs: number }

/** Full at `now` (ms). */
export function createTokenBucket(burst: number, perSecond: number, now: number): TokenBucket {
  return { tokens: burst, refilledAt: now, burst, perMs: perSecond / 1000 }
}

/** Takes `count` out if they are there. */
export function spend(bucket: TokenBucket, count: number, now: number): boolean {
  const elapsed = Math.max(0, now - bucket.refilledAt)
  bucket.tokens = Math.min(bucket.burst, bucket.tokens + elapsed * bucket.perMs)
  bucket.refilledAt = now
  if (bucket.tokens < count) return false
  bucket.tokens -= count
  return true
}
