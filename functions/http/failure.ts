// Turns whatever was thrown into a problem document (rule 9).
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { storeProblem } from '#shared/http/operation.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Head } from './head.ts'

/** Not among them what is meant to happen: a full world and busy rows are answered with 503 as well. */
const FAULTS: ReadonlySet<ProblemCode> = new Set(['internal.error', 'store.unavailable'])

/** What the caller is told. A fault of ours is logged with its cause and never shown. */
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

/** RFC 6750, 3: clients tell a token to refresh from one that was never given. */
function challengeOf(problem: Problem): string {
  return problem.code === 'auth.expired'
    ? 'Bearer realm="waystone", error="invalid_token", error_description="expired"'
    : 'Bearer realm="waystone"'
}
