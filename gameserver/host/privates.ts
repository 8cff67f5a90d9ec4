// The private instances of a host: opened by the inbox for a party, ended when nobody is in one for a minute, when its
// game says so, or when its time is over. Who is in then comes back to where it came from outside.
import { checkpointMs, privateEmptyMs } from '#shared/limits.ts'
import type { Content } from '#shared/content/content.ts'
import type { OpenCommand } from '#shared/ownership/inbox.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { drainInstance } from '../instance/drain.ts'
import { outsideOf } from '../instance/leaving.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { Running, RunningInstances } from './running.ts'

/** Ids of instances that have ended, so that a command that comes again opens none a second time. */
const endedKept = 256

export type Privates = {
  readonly count: number
  /** Opens it, once. */
  open(command: OpenCommand): void
  /** Ends one now, whoever is in it. False: it is not one of these. */
  close(instance: string): boolean
  /** Opens no more. */
  shut(): void
  /** Reports the slots, and ends what is due. Call it about each second, monotonic ms. */
  sweep(now: number): void
}

/** Who is let out comes back to where it came from. */
const letOut = {
  reason: 'redirected',
  to: outsideOf,
} as const

type Private = {
  running: Running
  endsAt: number
  /** Since when nobody is in it. */
  emptySince: number
  /** Its end is under way. */
  ending: boolean
}

export function createPrivates(deps: {
  running: RunningInstances
  content: () => Content
  /** Cards of slots: those of other hosts are not ours. None: the host takes no private instances. */
  slots: readonly string[]
  persistence: Persistence
  monotonic: () => number
  log: Log
}): Privates {
  const { running, slots, persistence, monotonic, log } = deps
  const privates = new Map<string, Private>()
  const ended = new Set<string>()
  let isShut = false
  let reportedAt = Number.NEGATIVE_INFINITY

  const forget = (id: string) => {
    privates.delete(id)
    ended.add(id)
    for (const oldest of ended) {
      if (ended.size <= endedKept) break
      ended.delete(oldest)
    }
    running.end(id)
    log.info('a private instance has ended', { instance: id })
  }

  /** Ends it if it may; else it is looked at again a second later. */
  const end = (id: string, one: Private, always: boolean) => {
    if (one.ending) return
    one.ending = true
    const { instance, checkpoints } = one.running
    instance.over = always
    const emptied = always ? drainInstance(instance, checkpoints, letOut) : Promise.resolve()
    void emptied
      .then(async () => await persistence.endPrivate(id, { always }))
      .catch((error: unknown) => {
        log.error('a private instance could not be ended', { instance: id, error })
        return 'unavailable' as const
      })
      .then((outcome) => {
        one.ending = false
        if (outcome === 'ended') forget(id)
      })
  }

  const isEmpty = ({ instance }: Running) =>
    instance.roster.size === 0 && instance.leaves.entries().length === 0

  return {
    get count() {
      return privates.size
    },
    open({ instance: id, zone: zoneId, difficulty, slots: at, slotUntil, match }) {
      const zone = deps.content().zones.get(zoneId)
      if (privates.has(id) || ended.has(id) || isShut || !slots.includes(at)) return
      if (zone?.private === undefined) return
      const now = monotonic()
      privates.set(id, {
        running: running.begin(id, zone, { difficulty, match }),
        endsAt: now + zone.private.minutes * 60_000,
        emptySince: now,
        ending: false,
      })
      log.info('a private instance begins', { instance: id, zone: zoneId })
      const { capacity } = zone
      persistence
        .openPrivate({ instance: id, zone: zoneId, capacity, slots: at, slotUntil })
        .then((opened) => {
          if (!opened) forget(id)
        })
        .catch((error: unknown) => {
          log.error('a private instance could not be opened', { instance: id, error })
          forget(id)
        })
    },
    close(id) {
      const one = privates.get(id)
      if (one !== undefined) end(id, one, true)
      return one !== undefined
    },
    shut() {
      isShut = true
    },
    sweep(now) {
      if (slots.length > 0 && now - reportedAt >= checkpointMs && persistence.lease().held) {
        reportedAt = now
        persistence
          .reportSlots()
          .catch((error: unknown) => log.warn('the slots were not reported', { error }))
      }
      for (const [id, one] of privates) {
        if (!isEmpty(one.running)) one.emptySince = now
        // While nothing can be saved nobody is let go: he would wait for the store outside the world.
        const { savingPaused, world } = one.running.instance
        const due = now >= one.endsAt || world.tick >= world.closesAt
        if (due && !savingPaused) end(id, one, true)
        else if (now - one.emptySince >= privateEmptyMs) end(id, one, false)
      }
    },
  }
}
