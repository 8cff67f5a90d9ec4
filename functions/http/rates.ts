// Rate limits of an endpoint, applied before anything costly, and the headers that tell of them
// (draft-ietf-httpapi-ratelimit-headers-10).
import type { Limit } from '#shared/api/endpoint.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import { RATES } from '#shared/limits.ts'
import type { RateProfile } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'

/**
 * Counts the request under each limit and sets RateLimit and RateLimit-Policy in `headers`.
 * Throws request.rate_limited with the seconds until the last refusing limit allows it again.
 */
export async function applyLimits(
  limiter: RateLimiter,
  profile: RateProfile,
  limits: readonly Limit[],
  subject: string,
  headers: Headers,
): Promise<void> {
  const counts = await Promise.all(
    limits.map(async ({ rate }) => ({ rate, ...(await limiter.check(rate, subject)) })),
  )
  let waitMs = 0
  for (const { rate, allowed, limit, remaining, resetMs } of counts) {
    const windowS = Math.ceil(RATES[rate][profile].windowMs / 1000)
    headers.append('RateLimit-Policy', `"${rate}";q=${limit};w=${windowS}`)
    const left = allowed ? Math.max(0, remaining) : 0
    headers.append('RateLimit', `"${rate}";r=${left};t=${Math.ceil(Math.max(0, resetMs) / 1000)}`)
    if (!allowed) waitMs = Math.max(waitMs, resetMs, 1)
  }
  if (waitMs > 0) {
    throw new Problem('request.rate_limited', { retryAfterS: Math.ceil(waitMs / 1000) })
  }
}
