// The start of a process as named steps, each with its undo. When the process has to stop, even in the middle
// of its start, all begun steps are undone in reverse. So the end of a process is written once.
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

export type Steps = {
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal
  /**
   * Runs a step. Rejects with Stopped when the process stops before or meanwhile. Its undo may find that
   * the step has failed, or is still under way.
   */
  run<T>(
    name: string,
    start: () => Promise<T> | T,
    undo?: () => Promise<unknown> | void,
  ): Promise<T>
  /** Begins no step any more and undoes all that began. Never rejects; called again, it waits for the same. */
  undo(): Promise<void>
}

/** The process stops; nothing is wrong. */
export class Stopped extends Error {}

/** A step under way gets this long to settle before it is undone: half of the time of a drain, ms. */
const settleMs = 2000

export function createSteps(deps: { log: Log; runtime: Pick<Runtime, 'sleep'> }): Steps {
  const { log, runtime } = deps
  const stopping = new AbortController()
  const begun: { name: string; settled: Promise<unknown>; undo: () => Promise<unknown> | void }[] =
    []
  let undone: Promise<void> | undefined

  const stopped = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(new Stopped('the process stops')))
  })
  stopped.catch(() => undefined)

  const undoAll = async (): Promise<void> => {
    for (const { name, settled, undo } of begun.toReversed()) {
      log.debug('undoing', { step: name })
      try {
        const waited = new AbortController()
        const late = runtime.sleep(settleMs, waited.signal).catch(() => undefined)
        await Promise.race([settled, late])
        waited.abort()
        await undo()
      } catch (error) {
        log.warn('a step could not be undone', { step: name, error })
      }
    }
  }

  return {
    stopping: stopping.signal,
    async run(name, start, undo) {
      if (stopping.signal.aborted) throw new Stopped('the process stops')
      log.debug('starting', { step: name })
      const started = (async () => await start())()
      const settled = started.catch(() => undefined)
      if (undo !== undefined) begun.push({ name, settled, undo })
      return await Promise.race([started, stopped])
    },
    undo() {
      stopping.abort()
      undone ??= undoAll()
      return undone
    },
  }
}
