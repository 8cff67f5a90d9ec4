// Sends a request again. That is safe: every changing request has one operation id for all its tries
// (rule 4), and the same id has the same answer and one effect.
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { ApiError } from '#shared/api/client.ts'
import type { CallOptions } from '#shared/api/client.ts'
import { createBackoff } from '#shared/backoff.ts'

/** Tries of one request. With the waits between them they take about ten seconds. */
const triesMax = 5
/** Nobody watches a form for longer. Who did something too often reads how long he has to wait. */
const patienceS = 15

/**
 * Runs a request until it is answered, refused for good, or tried often enough. `runtime.now` makes the id:
 * the server's time, as far as it is known.
 */
export async function retrying<T>(
  runtime: Runtime,
  request: (options: CallOptions) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const backoff = createBackoff(runtime, { baseMs: 400, maxMs: 5000 })
  let operationId = newId(runtime)
  let superseded = false
  let timed = false
  for (let tries = 1; ; tries++) {
    try {
      return await request({ operationId, signal })
    } catch (error) {
      if (!(error instanceof ApiError) || signal?.aborted || tries >= triesMax) throw error
      if (error.code === 'operation.superseded' && !superseded) {
        // The answer to the first try was lost, and the session has changed since: send a new request, once.
        superseded = true
        operationId = newId(runtime)
        continue
      }
      if (isAboutTime(error) && !timed) {
        // The server refused before any effect, and its answer carries its time: try another id, once.
        timed = true
        operationId = newId(runtime)
        continue
      }
      if (!isPassing(error)) throw error
      await runtime.sleep(backoff.next(error.retryAfterS), signal)
    }
  }
}

/** The id of the operation is from another time than the server's: the device's clock is off. */
function isAboutTime(error: ApiError): boolean {
  return error.code === 'operation.from_future' || error.code === 'operation.too_old'
}

/** No answer, "come back later", or a gateway that could not reach the server. */
function isPassing(error: ApiError): boolean {
  // It says when to come back: in an hour, perhaps.
  if (error.code === 'world.maintenance') return false
  // The player waits himself, and may say something else then.
  if (error.code === 'chat.slow') return false
  if (error.code === 'request.rate_limited') return (error.retryAfterS ?? 0) <= patienceS
  if (error.code === 'network' || error.status === 502 || error.status === 504) return true
  return error.status === 503 || error.status === 429
}
