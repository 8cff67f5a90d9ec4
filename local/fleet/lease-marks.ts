// Marks the leases of processes that have ended. A mark is repeated until the store takes it; a host is
// struck from the record of running hosts only then, so the next start finishes what is left.
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

export interface LeaseMarks {
  /** Begins to mark the lease of a process that has ended. */
  ended(name: string, bootId: string | undefined): void
  /** Resolves when all are marked, or a moment later without. */
  done(): Promise<void>
  /** Gives up what is not marked yet. */
  stop(): Promise<void>
}

/** How long start and stop wait for leases to be marked before they go on without. */
const waitMs = 1500
const againMs = 100
const againMaxMs = 2000

/** `mark` writes one on its lease; `forget` strikes a host from the record. */
export function createLeaseMarks(options: {
  mark: (bootId: string) => Promise<void>
  forget: (name: string) => void
  runtime: Pick<Runtime, 'sleep'>
  log: Log
}): LeaseMarks {
  const { runtime, log } = options
  const tasks = new Set<Promise<void>>()
  const stopped = new AbortController()

  async function mark(bootId: string): Promise<void> {
    for (let pauseMs = againMs; ; pauseMs = Math.min(pauseMs * 2, againMaxMs)) {
      try {
        await options.mark(bootId)
        log.info('lease marked ended', { bootId })
        return
      } catch (error) {
        log.warn('could not mark a lease ended, trying again', { bootId, error })
        await runtime.sleep(pauseMs, stopped.signal)
      }
    }
  }

  return {
    ended(name, bootId) {
      const run = async () => {
        if (bootId !== undefined) await mark(bootId)
        options.forget(name)
      }
      const task = run().catch((error: unknown) => {
        if (!stopped.signal.aborted) log.error('a lease stays unmarked', { bootId, error })
      })
      tasks.add(task)
      void task.then(() => tasks.delete(task))
    },
    async done() {
      const enough = new AbortController()
      const waited = runtime.sleep(waitMs, enough.signal).catch(() => {})
      await Promise.race([Promise.all(tasks), waited])
      enough.abort()
    },
    async stop() {
      stopped.abort()
      await Promise.all(tasks)
    },
  }
}
