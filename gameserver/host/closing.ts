// A maintenance of the realm, on this host: players are warned, and from its beginning on nobody is in who may not be.
// The rule is looked at each second for everybody who is here, whichever way he came. So an `enter` that was under way
// when it began, a resume and a character that a dead host left are let go as all others. The host itself runs on.
import { isClosed } from '#shared/live/bulletin.ts'
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import { maintenanceWarningsMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Character } from '../instance/character.ts'
import { broadcast } from '../instance/delivery.ts'
import { drainInstance } from '../instance/drain.ts'
import { maintenanceOf } from '../instance/frames.ts'
import type { Instance } from '../instance/instance.ts'
import type { ClaimedCharacter } from '../persistence/persistence.ts'
import type { Running } from './running.ts'

export type Closing = {
  /** What is planned from now on; undefined: nothing. */
  plan(maintenance: RealmMaintenance | undefined): void
  /** Whether it keeps this character out now. */
  keepsOut(who: Pick<ClaimedCharacter, 'role' | 'synthetic'>): boolean
  /** Warns and lets go. Call it about each second. */
  sweep(): void
}

export function createClosing(deps: {
  running: readonly Running[]
  runtime: Pick<Runtime, 'now'>
  log: Log
}): Closing {
  const { running, runtime, log } = deps
  let planned: RealmMaintenance | undefined
  /** Warnings whose time had come when players were told last. */
  let warned = 0
  const emptying = new Set<Instance>()

  const due = () => {
    if (planned === undefined) return 0
    const left = planned.from - runtime.now()
    return maintenanceWarningsMs.filter((ms) => left <= ms).length
  }

  const tell = () => {
    warned = due()
    for (const { instance } of running) broadcast(instance, maintenanceOf(instance))
  }

  const keepsOut: Closing['keepsOut'] = ({ role, synthetic }) =>
    synthetic !== true && isClosed(planned, runtime.now(), role)

  const empty = ({ instance, checkpoints }: Running) => {
    // While nothing can be saved nobody is let go: he would wait for the store outside the world.
    if (emptying.has(instance) || instance.savingPaused || instance.broken) return
    const goes = ({ claimed }: Character) => keepsOut(claimed)
    if (![...instance.roster.all()].some(goes)) return
    emptying.add(instance)
    log.info('the realm is closed: players are let go', { instance: instance.id })
    drainInstance(instance, checkpoints, { reason: 'maintenance', goes })
      .catch((error: unknown) =>
        log.error('players could not be let go', { instance: instance.id, error }),
      )
      .finally(() => emptying.delete(instance))
  }

  return {
    plan(maintenance) {
      planned = maintenance
      for (const { instance } of running) instance.maintenance = maintenance
      tell()
    },
    keepsOut,
    sweep() {
      if (planned === undefined) return
      const now = runtime.now()
      if (now < planned.from && due() > warned) tell()
      for (const one of running) empty(one)
    },
  }
}
