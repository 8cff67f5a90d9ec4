// When the next tick of an instance is due, counted from one moment on: `setInterval(50)` runs at
// 19.84 Hz, because each wait begins when the last one has ended.

/** Ticks that a late loop makes up for at once. Further ticks are skipped and counted. */
const catchUpMax = 5

export type Schedule = {
  /** Monotonic ms at which the next tick is due. */
  dueAt(): number
  /** Ticks to run now. */
  take(now: number): number
  /** When the latest tick taken was due. PONG counts from it. */
  takenAt(): number
  /** Counts anew from `now`, after a time in which nothing was to run. */
  restart(now: number): void
  /** Ticks skipped so far. */
  skipped(): number
}

export function createSchedule(tickHz: number, now: number): Schedule {
  const tickMs = 1000 / tickHz
  let startedAt = now
  let taken = 0
  let skipped = 0
  // A product, not a sum: a third of a hundred milliseconds, added up, drifts.
  const dueAt = () => startedAt + (taken + 1) * tickMs
  return {
    dueAt,
    take(now) {
      // Timers fire up to a millisecond early; half a one is on time.
      const due = Math.floor((now + 0.5 - startedAt) / tickMs) - taken
      if (due <= 0) return 0
      const run = Math.min(due, catchUpMax)
      skipped += due - run
      taken += due
      return run
    },
    takenAt: () => startedAt + taken * tickMs,
    restart(now) {
      startedAt = now
      taken = 0
    },
    skipped: () => skipped,
  }
}
