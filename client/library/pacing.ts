// When to make the next command.
//
// The server takes one command a tick. Commands arrive unevenly, so a few must wait there. With none,
// each late packet costs a correction. With many, each command takes effect late. Each snapshot says how many
// wait, and the client makes its commands a few percent faster or slower to keep about two.

const waitingWanted = 2
/** How much a difference of one command changes the pace. */
const gain = 0.02
const fasterMax = 0.06
const slowerMax = 0.1
/** Weight of the newest count in the running average: it settles within a second. */
const newestWeight = 0.1
/** The most commands that one update makes after a pause of the browser. Older time is dropped. */
const dueMax = 4
/** When the queue was empty for so long, all commands come too late. Then some are made at once. */
const starvedMs = 500

export type Pacing = {
  /** Steps due at local time `now`; call with the current length of a tick. */
  due(now: number, tickMs: number): number
  /** Steps to make at once, because the queue at the server is empty. */
  extra(now: number): number
  /** A snapshot said how many commands wait. */
  waiting(count: number, now: number): void
  /** The part of the current step that has passed, 0..1. */
  partOfStep(now: number, tickMs: number): number
  readonly waitingWanted: number
}

export function createPacing(now: number): Pacing {
  let stepAt = now
  let average = waitingWanted
  let drySince: number | undefined
  // The first commands fill the queue on the server.
  let owed = waitingWanted

  const interval = (tickMs: number) => {
    const slower = Math.min(slowerMax, Math.max(-fasterMax, (average - waitingWanted) * gain))
    return tickMs * (1 + slower)
  }

  return {
    due(now, tickMs) {
      const every = interval(tickMs)
      let due = 0
      while (stepAt <= now && due < dueMax) {
        stepAt += every
        due++
      }
      if (stepAt <= now) stepAt = now + every
      return due
    },
    extra(now) {
      if (owed > 0) {
        const extra = owed
        owed = 0
        return extra
      }
      if (drySince === undefined || now - drySince < starvedMs) return 0
      drySince = now
      return waitingWanted
    },
    waiting(count, now) {
      average += (count - average) * newestWeight
      if (count > 0) drySince = undefined
      else drySince ??= now
    },
    partOfStep(now, tickMs) {
      return Math.min(1, Math.max(0, 1 - (stepAt - now) / interval(tickMs)))
    },
    waitingWanted,
  }
}
