// Faults between a caller and a store. The in-memory store injects them on demand.
import type { Key, PermanentRefusal, TableName } from './store.ts'

export type StoreRequest = {
  operation: 'get' | 'query' | 'put' | 'update' | 'delete' | 'transact'
  /** One a row that the request names; for a query the partition alone (sk is ''). */
  rows: { table: TableName; key: Key }[]
}

/**
 * - `conflict`: another transaction holds a row; nothing happens. Reads never meet it.
 * - `throttle`: nothing happens.
 * - `delay`: it happens `ms` later, and is answered then.
 * - `loseRequest`: it never arrives; the caller learns nothing (`unavailable`, a write unclear).
 * - `loseAnswer`: it happens at once; the caller learns nothing.
 * - `applyLate`: the caller learns nothing, and a write happens `ms` later.
 * - `outage`: nothing can be reached; nothing happens; to a caller it looks like a lost answer.
 * - `refuse`: it will never be taken, as the store says.
 */
export type Fault =
  | { kind: 'refuse'; refusal: PermanentRefusal }
  | { kind: 'conflict' | 'throttle' | 'loseRequest' | 'loseAnswer' | 'outage' }
  | { kind: 'delay' | 'applyLate'; ms: number }

/** The faults of a network and of a busy store. */
export type PassingFault = Exclude<Fault['kind'], 'refuse'>

/** Asked once a request, in the order of the requests; undefined lets it pass. */
export type Faults = (request: StoreRequest) => Fault | undefined

/**
 * Faults drawn by chance from a seed: the same seed and the same order of requests give the same
 * faults. `chances` are shares of all requests (their sum at most 1); times are drawn up to `maxMs`.
 */
export function seededFaults(
  seed: number,
  chances: Partial<Record<PassingFault, number>>,
  maxMs = 100,
): Faults {
  const next = mulberry32(seed)
  return () => {
    let draw = next()
    for (const [kind, chance] of Object.entries(chances) as [PassingFault, number][]) {
      draw -= chance
      if (draw >= 0) continue
      if (kind === 'delay' || kind === 'applyLate') return { kind, ms: Math.ceil(next() * maxMs) }
      return { kind }
    }
    return undefined
  }
}

/** A small seeded generator of numbers in [0, 1) (T. Ettinger's mulberry32, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
