// A process as a fault sees it: it can be killed, stopped, or suspended with its machine. All that
// reaches its code (timers, answers, messages, frames) passes one of its threads.
import type { Clocks } from '#gameserver/persistence/lease-keeper.ts'
import { leaseDeadlineMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** Unix ms at which every run begins. */
export const beganAt = 1_800_000_000_000

/**
 * A host relies on one of its two clocks. Both are wrong when its machine is suspended and its wall clock is
 * set back before the lease is proved or has lapsed (docs/ownership.md, "What it does not model").
 */
const oneLieMs = leaseDeadlineMs + 1000

export type Process = {
  name: string
  clocks: Clocks
  random: Random
  alive(): boolean
  thread(): Thread
  kill(): void
  /** Everything stands still; with `suspended` the monotonic clock too. */
  stop(ms: number, suspended: boolean): void
  /** The wall clock is set so far off the true time; never on a machine that was just suspended. */
  setClock(offMs: number): void
}

export type Thread = {
  /** Runs it now, after the pause, or never. */
  enter(run: () => void): void
  /** Runs it after a time on this thread. Returns a function that cancels it. */
  timer(ms: number, run: () => void): () => void
  runtime: Runtime
  /** This thread alone stands still: a loop without end, a long collection of garbage. */
  hang(ms: number): void
  standsStill(): boolean
  /** The end of its latest hang or the process's latest stop, virtual ms; 0 before any. */
  stillUntil(): number
}

export function createProcess(
  scheduler: Scheduler,
  name: string,
  random: Random,
  skewMs: number,
): Process {
  let alive = true
  let stoppedUntil = 0
  let suspendedUntil = Number.NEGATIVE_INFINITY
  let clockSetAt = Number.NEGATIVE_INFINITY
  let clockMs = skewMs
  let suspendedMs = 0
  const bootedAt = scheduler.now()

  const clocks: Clocks = {
    now: () => beganAt + Math.floor(scheduler.now() + clockMs),
    monotonic: () => scheduler.now() - bootedAt - suspendedMs,
  }

  function thread(): Thread {
    let hungUntil = 0
    const waiting: (() => void)[] = []
    const stillUntil = () => Math.max(stoppedUntil, hungUntil)
    const drain = (): void => {
      if (!alive) return
      const still = stillUntil() - scheduler.now()
      // It was stopped again meanwhile.
      if (still > 0) return scheduler.after(still, drain)
      const next = waiting.shift()
      if (next === undefined) return
      // One at a time, so that the promises of each end before the next begins.
      if (waiting.length > 0) scheduler.after(0, drain)
      next()
    }
    const enter = (run: () => void) => {
      if (!alive) return
      const still = stillUntil() - scheduler.now()
      if (still <= 0 && waiting.length === 0) return run()
      waiting.push(run)
      if (waiting.length === 1) scheduler.after(still, drain)
    }
    const timer = (ms: number, run: () => void) => {
      let cancelled = false
      scheduler.after(ms, () => {
        if (!cancelled) enter(() => void (cancelled || run()))
      })
      return () => {
        cancelled = true
      }
    }
    return {
      enter,
      timer,
      hang(ms) {
        hungUntil = Math.max(hungUntil, scheduler.now() + ms)
      },
      standsStill: () => stillUntil() > scheduler.now(),
      stillUntil,
      runtime: {
        now: clocks.now,
        randomBytes: (count) => random.bytes(count),
        sleep: async (ms, signal) => {
          signal?.throwIfAborted()
          await new Promise<void>((resolve, reject) => {
            const abort = () => {
              cancel()
              reject(signal!.reason as Error)
            }
            const cancel = timer(ms, () => {
              signal?.removeEventListener('abort', abort)
              resolve()
            })
            signal?.addEventListener('abort', abort)
          })
        },
      },
    }
  }

  return {
    name,
    clocks,
    random,
    alive: () => alive,
    thread,
    kill() {
      alive = false
    },
    stop(ms, suspended) {
      const before = Math.max(stoppedUntil, scheduler.now())
      stoppedUntil = Math.max(before, scheduler.now() + ms)
      // Only by the time that this stop adds: two stops that overlap must not turn a clock back.
      if (suspended && scheduler.now() - clockSetAt > oneLieMs) {
        suspendedMs += stoppedUntil - before
        suspendedUntil = stoppedUntil
      }
    },
    setClock(offMs) {
      if (scheduler.now() < suspendedUntil + oneLieMs) return
      clockMs = offMs
      clockSetAt = scheduler.now()
    },
  }
}
