// A changing request whose reads decide what it writes: the transaction fails if that is no longer so, and the
// request looks again.
import type { OperationId } from '#shared/api/endpoint.ts'
import { answerOf } from '#shared/http/operation.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { Problem } from '#shared/problem.ts'
import { commit, refuse } from '#shared/store/commit.ts'
import type { OperationDeps, Outcome, Step } from '#shared/store/commit.ts'

/** What others change meanwhile is looked at anew so often. */
const looksMax = 8

/** What there is to do. A step without a name fails when something is no longer as it was read. */
export type Found<T> = { steps: readonly Step<ProblemCode | 'busy'>[]; answer: T }

/**
 * Makes happen once what `look` finds to do; it throws a Problem when there is nothing that may be done. A repeat
 * gets the first answer, also when `look` would refuse it by now. Throws that Problem; operation.mismatch; world.busy
 * when others were faster each time.
 */
export async function once<T>(
  deps: OperationDeps,
  op: OperationId,
  look: () => Promise<Found<T>>,
): Promise<T> {
  for (let looks = 1; ; looks++) {
    const outcome = await lookOnce(deps, op, look, looks > 1)
    const busy = outcome.outcome === 'refused' && outcome.refused === 'busy'
    if (!busy || looks === looksMax) return answerOf(outcome)
  }
}

/** `unclear`: a commit of this id has failed before, and may still take effect. */
async function lookOnce<T>(
  deps: OperationDeps,
  op: OperationId,
  look: () => Promise<Found<T>>,
  unclear: boolean,
): Promise<Outcome<T, ProblemCode>> {
  let found: Found<T>
  try {
    found = await look()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const ended = await refuse<T, ProblemCode>(deps, op, { refused: error.code, unclear })
    // With its details, which are not remembered.
    if (ended.outcome === 'refused' && ended.refused === error.code) throw error
    return ended
  }
  return await commit<T, ProblemCode | 'busy'>(deps, op, { ...found, unclear })
}
