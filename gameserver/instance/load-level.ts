// How far an instance is behind, and the level of detail that its viewers get for it (net/detail.ts). It
// measures how late a tick and its sends are done. That time also grows when other instances, other processes
// or incoming messages take the time.
//
// The level of detail falls soon, and rises only after seconds of light load: the load may be light
// because less is sent.
import { details } from '../net/detail.ts'
import type { Detail } from '../net/detail.ts'

/** Shares of a tick's length: a tick done after `lateShare` is late, a tick done by `earlyShare` is early. */
const lateShare = 0.75
const earlyShare = 0.4
/** So many late ticks lower the level. Four other ticks make up for one late tick. */
const lateMax = 10
const recovery = 0.25
/** So many early ticks in a row raise it: 5 s at 20 Hz. */
const earlyTicks = 100

export type LoadLevel = {
  /** Notes a tick that was done so long after it was due; returns the level of detail from now on. */
  note(doneAfterMs: number): Detail
}

export function createLoadLevel(tickMs: number): LoadLevel {
  let level = 0
  let late = 0
  let early = 0
  return {
    note(doneAfterMs) {
      const isLate = doneAfterMs > tickMs * lateShare
      late = isLate ? late + 1 : Math.max(0, late - recovery)
      early = doneAfterMs <= tickMs * earlyShare ? early + 1 : 0
      if (late >= lateMax) {
        level = Math.min(level + 1, details.length - 1)
        late = 0
      } else if (early >= earlyTicks) {
        level = Math.max(0, level - 1)
        early = 0
      }
      return details[level]!
    },
  }
}
