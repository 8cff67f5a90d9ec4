// Rate limits of an endpoint, applied before anything costly, and the headers that report them
// (draft-ietf-httpapi-ratelimit-headers-10).
import type { Limit } from '#shared/api/endpoint.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import { RATES } from '#shared/limits.ts'
import type { RateProfile } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Head } from './head.ts'

/**
 * Counts the request under each limit and sets RateLimit and RateLimit-Policy in `headers`.
 * Throws request.rate_limited with the seconds until the last refusing limit allows it again.
 */
export async function applyLimits(
  limiter: RateLimiter,
  profile: RateProfile,
  limits: readonly Limit[],
  subject: string,
  headers: Head,
): Promise<void> {
  const counts =
    limits.length === 1
      ? [await limiter.check(limits[0]!.rate, subject)]
      : await Promise.all(limits.map(({ rate }) => limiter.check(rate, subject)))
  let waitMs = 0
  for (const [i, { allowed, limit, remaining, resetMs }] of counts.entries()) {
    const { rate } = limits[i]!
    const windowS = Math.ceil(RATES[rate][profile].windowMs / 1000)
    append(headers, 'ratelimit-policy', `"${rate}";q=${limit};w=${windowS}`)
    const left = allowed ? Math.max(0, remaining) : 0
    const resetS = Math.ceil(Math.max(0, resetMs) / 1000)
    append(headers, 'ratelimit', `"${rate}";r=${left};t=${resetS}`)
    if (!allowed) waitMs = Math.max(waitMs, resetMs, 1)
  }
  if (waitMs > 0) {
    throw new Problem('request.rate_limited', { retryAfterS: Math.ceil(waitMs / 1000) })
  }
}

/** One list of what all limits say (RFC 9110, 5.2). */
function append(headers: Head, name: string, value: string): void {
  const before = headers[name]
  headers[name] = before === undefined ? value : `${before}, ${value}`
}
