// The one loop that ticks all instances of a host against the clock, on the tick thread.
import { stepFailuresMax } from '#shared/limits.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { drainInstance } from '../instance/drain.ts'
import type { Durations } from '../instance/durations.ts'
import { tickInstance } from '../instance/tick.ts'
import type { Persistence } from '../persistence/persistence.ts'
import type { LeaseGate } from './lease-gate.ts'
import type { Running } from './running.ts'

export type TickLoop = {
  start(): void
  stop(): void
  /** The next sweep comes a whole interval from now. */
  putOffSweep(): void
}

const sweepEveryMs = 1000
/** The loop wakes at least this often: while no world ticks, the lease is still checked. */
const wakeEveryMs = 50

export type TickLoopDeps = {
  running: readonly Running[]
  gate: LeaseGate
  persistence: Pick<Persistence, 'heartbeat'>
  /** ms */
  monotonic: () => number
  setTimer: (run: () => void, ms: number) => () => void
  log: Log
  durations: Durations
  /** How long each tick took, its sends included, ms. */
  onTick?: ((ms: number) => void) | undefined
  onBroken?: ((instance: string) => void) | undefined
  /** Called about each second. */
  sweep: (now: number) => void
}

export function createTickLoop(deps: TickLoopDeps): TickLoop {
  const { running, gate, persistence, monotonic, log } = deps
  let cancelTimer = () => {}
  let sweptAt = Number.NEGATIVE_INFINITY

  const wake = () => {
    if (!gate.open()) return
    const now = monotonic()
    // An error in one instance must not end the loop: all instances would stop, without a log line.
    try {
      if (gate.state !== 'proving') persistence.heartbeat()
      if (gate.check(now)) for (const one of running) tickDue(deps, one)
      if (now - sweptAt >= sweepEveryMs) {
        sweptAt = now
        deps.sweep(now)
      }
    } catch (error) {
      log.error('the tick loop failed', { error })
    }
    cancelTimer = deps.setTimer(wake, waitMs())
  }

  const waitMs = (): number => {
    // While worlds stand still no tick is due: the schedules lie in the past.
    if (!gate.ticks()) return wakeEveryMs
    const dueAt = Math.min(...running.map(({ schedule }) => schedule.dueAt()))
    return Math.max(1, Math.min(wakeEveryMs, dueAt - monotonic()))
  }

  return {
    start: wake,
    stop: () => cancelTimer(),
    putOffSweep() {
      sweptAt = monotonic()
    },
  }
}

/** Runs the ticks of one instance that are due, and its checkpoint. */
function tickDue(deps: TickLoopDeps, one: Running): void {
  const { gate, monotonic, durations } = deps
  const { instance, schedule, checkpoints } = one
  // It has no checkpoints either: an instance that reports nothing gets no players.
  if (instance.broken) {
    schedule.take(monotonic())
    return
  }
  for (let due = schedule.take(monotonic()); due > 0 && gate.open() && !instance.broken; due--) {
    const began = monotonic()
    instance.tickedAt = schedule.takenAt() - ((due - 1) * 1000) / instance.zone.tickHz
    // Of ticks that are made up for at once only the last is worth its snapshots.
    tick(deps, one, began, due === 1)
    const tookMs = monotonic() - began
    durations.add(tookMs)
    deps.onTick?.(tookMs)
    if (due === 1) setDetail(deps, one)
  }
  checkpoints.run(monotonic())
}

/** A step that throws is a defect of ours. The other instances must go on. */
function tick(deps: TickLoopDeps, one: Running, now: number, delivers: boolean): void {
  const { instance } = one
  try {
    tickInstance(instance, now, delivers)
    one.failures = 0
  } catch (error) {
    one.failures++
    if (one.failures === 1) deps.log.error('a step failed', { instance: instance.id, error })
    if (one.failures === stepFailuresMax) closeInstance(deps, one)
  }
}

/** Closes a broken instance: its characters leave and enter elsewhere, and no character comes in any more. */
function closeInstance({ log, onBroken }: TickLoopDeps, { instance, checkpoints }: Running): void {
  log.error('too many ticks failed in a row: the instance is closed', { instance: instance.id })
  instance.broken = true
  drainInstance(instance, checkpoints, { reason: 'internal' })
    .catch((error: unknown) =>
      log.error('the instance could not be closed', { instance: instance.id, error }),
    )
    .finally(() => onBroken?.(instance.id))
}

/** Fewer snapshots are sent before ticks are skipped. */
function setDetail({ log, monotonic }: TickLoopDeps, { instance, schedule, load }: Running): void {
  const detail = load.note(monotonic() - schedule.takenAt())
  if (detail === instance.detail) return
  instance.detail = detail
  log.warn('the level of detail has changed', { instance: instance.id, ...detail })
}
