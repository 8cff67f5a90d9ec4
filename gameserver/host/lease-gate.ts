// Whether the worlds of a host may go on, by what is known of its lease. The states and what leads from
// one to another are the table below; docs/ownership.md draws it ("The lease gate"), and a test compares
// the two.
//
// The argument: another host may own our characters as soon as our lease has run out. While the lease is
// held, this host alone writes them. While it is not, nothing is saved, so play that nobody may keep is
// bounded: the worlds go on for `unsavedWorldMs` and then stand still. A tick thread that stood still for
// longer than a lease does not know whether it is still the owner: it asks before its next tick.
import { leaseDeadlineMs, unsavedWorldMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from '../persistence/persistence.ts'

export type GateState =
  /** The lease is held: worlds tick, and everything is saved. */
  | 'playing'
  /** The lease is not renewed in time: worlds tick, nothing is saved, no character comes in. */
  | 'unsaved'
  /** That took too long: worlds stand still until the lease is held again. */
  | 'frozen'
  /** The tick thread stood still: worlds stand still until the lease is proved. */
  | 'proving'
  /** The lease is lost: other hosts may take this one for dead. Nothing done here will be saved. */
  | 'lost'
  | 'stopped'

export type GateEvent =
  | 'held'
  | 'lapsed'
  | 'unsaved too long'
  | 'stood still'
  | 'proved'
  | 'lost'
  | 'stop'

/** An event that a state does not name changes nothing in it. */
export const transitions: Record<GateState, Partial<Record<GateEvent, GateState>>> = {
  playing: { lapsed: 'unsaved', 'stood still': 'proving', lost: 'lost', stop: 'stopped' },
  unsaved: {
    held: 'playing',
    'unsaved too long': 'frozen',
    'stood still': 'proving',
    lost: 'lost',
    stop: 'stopped',
  },
  frozen: { held: 'playing', 'stood still': 'proving', lost: 'lost', stop: 'stopped' },
  proving: { proved: 'playing', lost: 'lost', stop: 'stopped' },
  lost: { stop: 'stopped' },
  stopped: {},
}

export type LeaseGate = {
  readonly state: GateState
  /** Whether worlds tick in this state. */
  ticks(): boolean
  /** Neither lost nor stopped. */
  open(): boolean
  /** Counts gaps from now on. */
  start(): void
  /** Checks lease and clocks. Returns whether worlds tick now. Call each time the tick thread wakes. */
  check(now: number): boolean
  stop(): void
}

/** Pause before a proof that the store did not answer is asked for again, ms. */
const proveAgainMs = 1000

export function createLeaseGate(deps: {
  persistence: Pick<Persistence, 'lease' | 'prove'>
  runtime: Pick<Runtime, 'now' | 'sleep'>
  /** ms */
  monotonic: () => number
  log: Log
  /** Ticks of all worlds together, for the log: equal before and after a proof means none in between. */
  ticksRun: () => number
  /** Called after each change of state. */
  onChange: (state: GateState, before: GateState) => void
}): LeaseGate {
  const { persistence, runtime, monotonic, log, ticksRun } = deps
  let state: GateState = 'playing'
  let unsavedSince = 0
  const gap = createGap(runtime, monotonic)

  const apply = (event: GateEvent) => {
    const before = state
    const next = transitions[before][event]
    if (next === undefined) return
    state = next
    deps.onChange(next, before)
  }

  const proving = () => state === 'proving'
  const prove = async () => {
    while (proving()) {
      const [asked, askedWall] = [monotonic(), runtime.now()]
      const outcome = await persistence.prove().catch(() => 'unavailable' as const)
      // Stopped again before the answer came in: the answer is too old to go on with.
      const tookMs = Math.max(monotonic() - asked, runtime.now() - askedWall)
      if (outcome === 'lost') return apply('lost')
      if (outcome === 'held' && tookMs <= leaseDeadlineMs) {
        log.info('the lease is proved: going on', { ticks: ticksRun() })
        gap.take(monotonic())
        return apply('proved')
      }
      if (outcome !== 'held') await runtime.sleep(proveAgainMs)
    }
  }

  const ticks = () => state === 'playing' || state === 'unsaved'
  const open = () => state !== 'lost' && state !== 'stopped'
  return {
    get state() {
      return state
    },
    ticks,
    open,
    start: () => void gap.take(monotonic()),
    check(now) {
      const gapMs = gap.take(now)
      if (!open() || proving()) return false
      if (gapMs > leaseDeadlineMs) {
        const stood = { gapMs: Math.round(gapMs), ticks: ticksRun() }
        log.warn('the tick thread stood still: proving the lease', stood)
        apply('stood still')
        prove().catch((error: unknown) => log.error('proving the lease failed', { error }))
        return false
      }
      const lease = persistence.lease()
      if (lease.lost) apply('lost')
      else if (lease.held) apply('held')
      else {
        if (state === 'playing') unsavedSince = now
        apply('lapsed')
        if (now - unsavedSince > unsavedWorldMs) apply('unsaved too long')
      }
      return ticks()
    },
    stop: () => apply('stop'),
  }
}

/** Time between checks, by the clock that says more: a suspended machine stops the monotonic one. */
function createGap(runtime: Pick<Runtime, 'now'>, monotonic: () => number) {
  let wokeAt = monotonic()
  let wokeAtWall = runtime.now()
  return {
    /** Since the last check, ms. `now` begins the next one. */
    take(now: number): number {
      const wall = runtime.now()
      const gapMs = Math.max(now - wokeAt, wall - wokeAtWall)
      wokeAt = now
      wokeAtWall = wall
      return gapMs
    },
  }
}
