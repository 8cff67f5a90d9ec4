// Instances that an operator closes, one at a time, while the others of the host go on. Placement is told first; then
// everybody in it is saved and sent to another instance of the zone; then it ends. Each step is tried again with the
// next sweep until it is done: while the store does not answer nobody is let go.
import type { Log } from '#shared/telemetry/log.ts'
import { drainInstance } from '../instance/drain.ts'
import { whereIs } from '../instance/leaving.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { RunningInstances } from './running.ts'

export type Closes = {
  /** Closes an instance that is not private; twice is once. */
  close(instance: string): void
  /** Goes on with what is not done. Call it about each second. */
  sweep(): void
}

export function createCloses(deps: {
  running: RunningInstances
  persistence: Pick<Persistence, 'closeInstance'>
  log: Log
  /** The last instance has ended. */
  onLast: () => void
}): Closes {
  const { running, persistence, log } = deps
  /** By instance: whether a step is under way. */
  const closing = new Map<string, boolean>()

  const step = async (id: string): Promise<void> => {
    const one = running.all.find(({ instance }) => instance.id === id)
    if (one === undefined || one.instance.savingPaused) return
    const { instance, checkpoints } = one
    if ((await persistence.closeInstance(id, 'closing')) !== 'done') return
    // Who has a ticket from before enters again.
    instance.over = true
    await drainInstance(instance, checkpoints, {
      reason: 'redirected',
      to: (character) => whereIs(instance, character),
    })
    if ((await persistence.closeInstance(id, 'closed')) !== 'done') return
    closing.delete(id)
    running.end(id)
    log.info('an instance is closed', { instance: id })
    if (running.all.length === 0) deps.onLast()
  }

  const goOn = (id: string) => {
    if (closing.get(id) === true) return
    closing.set(id, true)
    step(id)
      .catch((error: unknown) =>
        log.error('an instance could not be closed', { instance: id, error }),
      )
      .finally(() => {
        if (closing.has(id)) closing.set(id, false)
      })
  }

  return {
    close(id) {
      if (running.byId.has(id) && !closing.has(id)) goOn(id)
    },
    sweep() {
      for (const id of closing.keys()) goOn(id)
    },
  }
}
