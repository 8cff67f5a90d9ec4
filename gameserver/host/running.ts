// The instances that a host runs, each with what its ticks need. Private ones come and go.
import type { Zone } from '#shared/content/content.ts'
import { createAllowances } from '../instance/allowances.ts'
import { createCheckpoints } from '../instance/checkpoints.ts'
import type { Checkpoints } from '../instance/checkpoints.ts'
import { createInstance } from '../instance/instance.ts'
import type { Instance, InstanceDeps } from '../instance/instance.ts'
import { createLoadLevel } from '../instance/load-level.ts'
import type { LoadLevel } from '../instance/load-level.ts'
import { createSchedule } from '../instance/schedule.ts'
import type { Schedule } from '../instance/schedule.ts'

export type Running = {
  instance: Instance
  schedule: Schedule
  load: LoadLevel
  checkpoints: Checkpoints
  /** Steps that failed, one after the other. */
  failures: number
}

export type RunningInstances = {
  /** In the order in which they began. It changes in place. */
  readonly all: readonly Running[]
  /** The same by instance id. */
  readonly byId: ReadonlyMap<string, Instance>
  /** Begins an instance, whose first tick is due now. `match`: what is played in it. */
  begin(id: string, zone: Zone, more?: Pick<InstanceDeps, 'difficulty' | 'match'>): Running
  /** Ends it: it does not tick any more. Its characters have left. */
  end(id: string): void
  /** Ticks that ran, of instances that have ended too. */
  ticks(): number
  /** Ticks that never ran because the loop was late, likewise. */
  skipped(): number
}

export function createRunningInstances(
  deps: Omit<InstanceDeps, 'id' | 'zone' | 'difficulty' | 'match' | 'nextStay' | 'allowances'>,
): RunningInstances {
  const { persistence, monotonic } = deps
  const all: Running[] = []
  const byId = new Map<string, Instance>()
  const allowances = createAllowances()
  let stays = 0
  let begun = 0
  const ended = { ticks: 0, skipped: 0 }
  const sum = (of: (one: Running) => number) => all.reduce((total, one) => total + of(one), 0)
  return {
    all,
    byId,
    begin(id, zone, more = {}) {
      const log = deps.log.child({ instance: id })
      const index = begun++
      const instance = createInstance({
        ...deps,
        id,
        zone,
        ...more,
        log,
        seed: deps.seed + index,
        nextStay: () => ++stays,
        allowances,
      })
      const now = monotonic()
      // Checkpoints of neighbours are a quarter of a second apart.
      const firstAt = now + 1000 + (index % 16) * 250
      const running: Running = {
        instance,
        schedule: createSchedule(zone.tickHz, now),
        load: createLoadLevel(1000 / zone.tickHz),
        checkpoints: createCheckpoints({ instance, persistence, log: deps.log, firstAt }),
        failures: 0,
      }
      all.push(running)
      byId.set(id, instance)
      return running
    },
    end(id) {
      const at = all.findIndex(({ instance }) => instance.id === id)
      if (at < 0) return
      const [{ instance, schedule }] = all.splice(at, 1) as [Running]
      ended.ticks += instance.world.tick
      ended.skipped += schedule.skipped()
      byId.delete(id)
    },
    ticks: () => ended.ticks + sum(({ instance }) => instance.world.tick),
    skipped: () => ended.skipped + sum(({ schedule }) => schedule.skipped()),
  }
}
