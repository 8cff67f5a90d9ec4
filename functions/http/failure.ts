// Turns whatever was thrown into a problem document (rule 9).
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { storeProblem } from '#shared/http/operation.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Head } from './head.ts'

/** Our faults. A full world and busy rows are no faults, although they are answered with 503 as well. */
const FAULTS: ReadonlySet<ProblemCode> = new Set(['internal.error', 'store.unavailable'])

/** The problem for the caller. A fault of ours is logged with its cause; the caller never sees the cause. */
export function problemOf(
  log: Pick<Log, 'error'>,
  error: unknown,
  where: Record<string, unknown>,
): Problem {
  const problem =
    error instanceof Problem
      ? error
      : (storeProblem(error) ?? new Problem('internal.error', { cause: error }))
  if (FAULTS.has(problem.code)) log.error(problem.code, { ...where, cause: problem.cause })
  return problem
}

export function problemResponse(problem: Problem, headers: Head): Response {
  headers['content-type'] = 'application/problem+json'
  headers['cache-control'] = 'no-store'
  if (problem.retryAfterS !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(problem.retryAfterS)))
  }
  if (problem.status === 401) headers['www-authenticate'] = challengeOf(problem)
  return new Response(JSON.stringify(problem.toDocument()), { status: problem.status, headers })
}

/** RFC 6750, 3: so clients can distinguish an expired token, which they refresh, from a missing one. */
function challengeOf(problem: Problem): string {
  return problem.code === 'auth.expired'
    ? 'Bearer realm="waystone", error="invalid_token", error_description="expired"'
    : 'Bearer realm="waystone"'
}
