// Whether an instance can keep up, and at which pace its viewers are served then (net/pace.ts). What is
// watched is how long after it was due a tick was done, its sends included: that grows as well when
// other instances, other processes or what comes in take the time.
//
// Thinner frames come soon, and fuller ones only after seconds of ease: the ease may be the thin frames'.
import { paces } from '../net/pace.ts'
import type { Pace } from '../net/pace.ts'

/** Shares of a tick's length: a tick done later than this is strained, one done by then is easy. */
const strainedShare = 0.75
const easyShare = 0.4
/** How many more strained ticks than other ones, four of which make up for one, thin the frames. */
const strainedMax = 10
const recovery = 0.25
/** Easy ticks in a row after which they are filled again: 5 s at 20 Hz. */
const easyTicks = 100

export type Strain = {
  /** Notes a tick that was done so long after it was due; answers with the pace from now on. */
  note(doneAfterMs: number): Pace
}

export function createStrain(tickMs: number): Strain {
  let level = 0
  let strained = 0
  let easy = 0
  return {
    note(doneAfterMs) {
      const isStrained = doneAfterMs > tickMs * strainedShare
      strained = isStrained ? strained + 1 : Math.max(0, strained - recovery)
      easy = doneAfterMs <= tickMs * easyShare ? easy + 1 : 0
      if (strained >= strainedMax) {
        level = Math.min(level + 1, paces.length - 1)
        strained = 0
      } else if (easy >= easyTicks) {
        level = Math.max(0, level - 1)
        easy = 0
      }
      return paces[level]!
    },
  }
}
