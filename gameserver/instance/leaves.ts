// Characters that are leaving. Each is out of the world at once, and stays in the checkpoints until the
// store has said clearly how its leave ended: a host that dies before that must not lose it.
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'

type LeaveOutcome = Awaited<ReturnType<Persistence['leave']>>

export type Leaves = {
  /** Saves a character and gives it up; resolves when the outcome is clear. Never rejects. */
  save(entry: CheckpointEntry): Promise<LeaveOutcome>
  /** The leaving characters: checkpoints hold them until their leave has ended. */
  entries(): CheckpointEntry[]
  has(characterId: string): boolean
  /** Resolves when no leave is under way. */
  settled(): Promise<void>
}

/** Pause before a call that the worker refused is made again. */
const retryMs = 1000

export function createLeaves(deps: {
  instance: string
  persistence: Persistence
  runtime: Runtime
  log: Log
}): Leaves {
  const { instance, persistence, runtime, log } = deps
  const leaving = new Map<CheckpointEntry, Promise<LeaveOutcome>>()

  const untilClear = async (entry: CheckpointEntry): Promise<LeaveOutcome> => {
    for (;;) {
      try {
        return await persistence.leave({ ...entry, instance })
      } catch (error) {
        // The worker repeats a leave whose outcome is unclear. Here the worker itself is too far behind.
        log.warn('a leave could not be handed to the worker', { instance, error })
        await runtime.sleep(retryMs)
      }
    }
  }

  return {
    async save(entry) {
      const clear = untilClear(entry)
      leaving.set(entry, clear)
      try {
        return await clear
      } finally {
        leaving.delete(entry)
      }
    },
    entries: () => [...leaving.keys()],
    has(characterId) {
      for (const entry of leaving.keys()) if (entry.characterId === characterId) return true
      return false
    },
    async settled() {
      while (leaving.size > 0) await Promise.all(leaving.values())
    },
  }
}
