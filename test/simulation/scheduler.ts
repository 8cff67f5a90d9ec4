// Virtual time. One event runs, then every promise that it made ready runs to its end, then the next
// event: the same seed gives the same run, on any machine and at any load.
//
// Nothing in a run may wait for anything real (a socket, a thread pool, a timer): it would come back in
// another order each time. Node runs all promises that are ready before the next tick of its own, and that
// one costs no turn of its event loop, which took a third of a run.
import { nextTick } from 'node:process'
import { setImmediate } from 'node:timers'

type Event = { at: number; order: number; run: () => void }

export type Scheduler = {
  /** Virtual ms since the run began. */
  now(): number
  after(ms: number, run: () => void): void
  /** Runs events until that time, or until `stop` says so. Returns how many ran. */
  runUntil(endMs: number, stop: () => boolean): Promise<number>
}

export function createScheduler(): Scheduler {
  let now = 0
  let order = 0
  /** A binary heap, the earliest first; of two at once the one that was asked for first. */
  const heap: Event[] = []

  const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order)

  function push(event: Event): void {
    let i = heap.length
    heap.push(event)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (before(heap[parent]!, event)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = event
  }

  function pop(): Event {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (before(last, heap[child]!)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return first
  }

  return {
    now: () => now,
    after(ms, run) {
      push({ at: now + Math.max(0, ms), order: order++, run })
    },
    async runUntil(endMs, stop) {
      let events = 0
      while (heap.length > 0 && heap[0]!.at <= endMs && !stop()) {
        const event = pop()
        now = event.at
        event.run()
        events++
        await new Promise<void>((resolve) => nextTick(resolve))
      }
      // Others that wait for this process in real time get a turn between runs.
      await new Promise<void>((resolve) => setImmediate(resolve))
      return events
    },
  }
}
