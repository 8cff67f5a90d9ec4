// Work of which only a few pieces are done at a time, and a bounded queue behind them.
import { Problem } from '#shared/problem.ts'

/** Runs `atOnce` pieces of work at a time; throws auth.busy when `waitingMax` wait already. */
export function createQueue(
  atOnce: number,
  waitingMax: number,
): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= atOnce) {
      if (waiting.length >= waitingMax) throw new Problem('auth.busy', { retryAfterS: 2 })
      // Work that ends hands its place over, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
