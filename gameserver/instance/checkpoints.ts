// Every `checkpointMs` one row an instance with everybody's soft state. One at a time: a write that is
// still under way when the next is due is followed by the next, never overtaken.
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
  // A new boot id has no row yet, so there is nothing to replace.
  let savedEmpty = true

  const save = async (): Promise<void> => {
    const entries = instance.entries()
    // An empty row is written once, to replace the last one with somebody in it.
    if (entries.length === 0 && savedEmpty) return
    try {
      const outcome = await persistence.checkpoint(instance.id, entries)
      savedEmpty = outcome === 'saved' && entries.length === 0
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
