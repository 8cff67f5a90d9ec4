// Characters on their way out. Each leaves the world at once, and stays in the checkpoints until the
// store has said clearly what became of it: a host that dies in between must not lose it.
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'

export type Departures = {
  /** Saves and gives up; resolves when the outcome is clear. Never rejects. */
  depart(entry: CheckpointEntry): Promise<'left' | 'fenced'>
  /** What the checkpoints must still hold. */
  entries(): CheckpointEntry[]
  has(characterId: string): boolean
  /** Resolves when nobody is on the way out. */
  settled(): Promise<void>
}

/** How long to wait when the worker itself refused the call. */
const retryMs = 1000

export function createDepartures(deps: {
  instance: string
  persistence: Persistence
  runtime: Runtime
  log: Log
}): Departures {
  const { instance, persistence, runtime, log } = deps
  const leaving = new Map<CheckpointEntry, Promise<'left' | 'fenced'>>()

  const untilClear = async (entry: CheckpointEntry): Promise<'left' | 'fenced'> => {
    for (;;) {
      try {
        return await persistence.leave({ ...entry, instance })
      } catch (error) {
        // The worker repeats what the store leaves unclear; this is the worker being too far behind.
        log.warn('a leave could not be handed to the worker', { instance, error })
        await runtime.sleep(retryMs)
      }
    }
  }

  return {
    async depart(entry) {
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
