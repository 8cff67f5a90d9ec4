// Marks the leases of processes that have ended. A mark is repeated until the store takes it. Only
// then the host is removed from the record of running hosts. So the next start marks what is left.
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

export interface LeaseMarks {
  /** Begins to mark the lease of a process that has ended. */
  ended(name: string, bootId: string | undefined): void
  /** Resolves when all are marked, or a moment later without. */
  done(): Promise<void>
  /** Stops: leases that are not marked yet stay unmarked. */
  stop(): Promise<void>
}

/** How long start and stop wait for the marks of leases, ms. */
const waitMs = 1500
const againMs = 100
const againMaxMs = 2000

/** `mark` marks the lease of a boot id. `forget` removes a host from the record. */
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
