// Every `checkpointMs` each instance writes one checkpoint, with the saved state of all its characters. Only
// one write is under way at a time, so none overtakes another. An empty instance reports too, because only
// the report shows that it lives.
import { checkpointMs } from '#shared/limits.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'
import { checkpointEntries } from './instance.ts'
import type { Instance } from './instance.ts'

export type Checkpoints = {
  /** Call each tick. Monotonic ms. */
  run(now: number): void
  /** Writes one more, after the write that is under way. Resolves on its answer, also on a failure. */
  final(): Promise<void>
}

export function createCheckpoints(deps: {
  instance: Instance
  persistence: Persistence
  log: Log
  /** When the first is due, monotonic ms: instances of one host take turns. */
  firstAt: number
}): Checkpoints {
  const { instance, persistence, log } = deps
  let dueAt = deps.firstAt
  let underWay: Promise<void> | undefined

  const save = async (): Promise<void> => {
    try {
      await persistence.checkpoint(instance.id, checkpointEntries(instance))
    } catch (error) {
      log.warn('a checkpoint failed', { instance: instance.id, error })
    }
  }
  const start = (): Promise<void> => {
    underWay = save().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  return {
    run(now) {
      if (now < dueAt || underWay !== undefined || !persistence.lease().held) return
      dueAt = now + checkpointMs
      void start()
    },
    async final() {
      await underWay
      await start()
    },
  }
}
