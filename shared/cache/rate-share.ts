// The count that one process has of a rate, and the counts of the others as far as it knows them. This is for
// cheap reads: a trip to the cache costs more than such a read.
//
// A process reports its count when `reportEvery` requests are unreported, and learns the sum of all. Between
// two reports it judges by that sum and its own count. It can be wrong only by what other processes have
// not reported: fewer than `reportEvery` requests each, in one window.
import { rateSubjectsMax } from '../limits.ts'

/** Requests in the current window, and in the one before. */
export type Counts = { current: number; previous: number }

export type Share = Counts & { unreported: number }

export type Shares = {
  /** Counts one request; undefined when there are too many subjects to count here. */
  count(subject: string, index: number): Share | undefined
}

/** Two windows are kept: a subject that does not come again is forgotten with the second. */
export function createShares(): Shares {
  let window = Number.NaN
  let current = new Map<string, Share>()
  let previous = new Map<string, Share>()
  return {
    count(subject, index) {
      if (index !== window) {
        previous = index === window + 1 ? current : new Map()
        current = new Map()
        window = index
      }
      let share = current.get(subject)
      if (share === undefined) {
        if (current.size >= rateSubjectsMax) return undefined
        share = { current: 0, previous: previous.get(subject)?.current ?? 0, unreported: 0 }
        current.set(subject, share)
      }
      share.current++
      share.unreported++
      return share
    },
  }
}
