// Every `checkpointMs` one row an instance with everybody's soft state. One at a time: a write that is
// still under way when the next is due is followed by the next, never overtaken. An empty instance is
// reported too: that it lives is known by this alone.
import { checkpointMs } from '#shared/limits.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { Instance } from './instance.ts'

export type Checkpoints = {
  /** Call each tick. Monotonic ms. */
  run(now: number): void
  /** One now, after the one that is under way. Resolves when it was answered, whatever the answer. */
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
      await persistence.checkpoint(instance.id, instance.entries())
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
