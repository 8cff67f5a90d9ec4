// Operations over HTTP: a header carries their id, an answer or a problem their outcome.
import type { OperationId } from '../api/endpoint.ts'
import { operationMaxAgeMs, operationMaxAheadMs } from '../limits.ts'
import type { ProblemCode } from '../problem.ts'
import { PROBLEMS, Problem } from '../problem.ts'
import { birthOfId } from '../runtime.ts'
import { operationOf } from '../store/commit.ts'
import type { Outcome } from '../store/commit.ts'
import { StoreError } from '../store/store.ts'

/**
 * Reads a client's Idempotency-Key. `scope` is who sends it: the account, or nothing before there is
 * one; `route` the method and path of the declaration; `request` the parsed params and body.
 * Throws Problem operation.missing, .invalid, .too_old or .from_future.
 */
export function parseOperationId(
  header: string | undefined,
  sent: { scope: string; route: string; request: unknown; now: number },
): OperationId {
  if (header === undefined || header === '') throw new Problem('operation.missing')
  const id = header.toLowerCase()
  const birth = birthOfId(id)
  if (birth === undefined) throw new Problem('operation.invalid')
  if (birth < sent.now - operationMaxAgeMs) {
    throw new Problem('operation.too_old', { detail: byServerTime })
  }
  if (birth > sent.now + operationMaxAheadMs) {
    throw new Problem('operation.from_future', { detail: byServerTime })
  }
  return operationOf([sent.scope, sent.route, id], sent.request)
}

/** How a client corrects ids that its wrong clock has made. It is part of the refusal. */
const byServerTime =
  'If the id is new, the clock of the client is off. The header Date has the time of the server: make a new ' +
  'id with it and send the request again.'

/**
 * The answer of a commit whose refusals are named by their problem. Throws that Problem, with `detail`;
 * operation.mismatch; world.busy.
 */
export function answerOf<T>(outcome: Outcome<T, ProblemCode>, detail?: string): T {
  switch (outcome.outcome) {
    case 'done':
    case 'repeated':
      return outcome.answer
    case 'mismatch':
      throw new Problem('operation.mismatch')
    case 'refused':
      if (outcome.refused === 'busy') throw new Problem('world.busy', { retryAfterS: 1 })
      // Remembered by another release, perhaps.
      if (outcome.refused in PROBLEMS) throw new Problem(outcome.refused, { detail })
      throw new Error(`an operation was refused by an unknown name: ${outcome.refused}`)
  }
}

/**
 * The Problem to answer with when the store failed in a way that passes: store.unavailable or
 * world.busy. Undefined for all other errors, which are defects or outcomes of a condition.
 */
export function storeProblem(error: unknown): Problem | undefined {
  if (!(error instanceof StoreError)) return undefined
  const busy = () => new Problem('world.busy', { retryAfterS: 1, cause: error })
  const unavailable = () => new Problem('store.unavailable', { retryAfterS: 2, cause: error })
  switch (error.kind) {
    case 'unavailable':
    case 'throttled':
      return unavailable()
    case 'conflict':
      return busy()
    case 'cancelled':
      if (error.reasons.includes('conflict')) return busy()
      return error.reasons.includes('throttled') ? unavailable() : undefined
    case 'condition':
    case 'invalid':
      return undefined
  }
}
