// Random numbers from a seed. Every part of a run has its own stream with a name, so that a run without one
// fault has the same draws for the others.

export type Random = {
  /** In [0, 1). */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  chance(part: number): boolean
  pick<T>(list: readonly T[]): T
  bytes(count: number): Uint8Array
}

export function createRandom(seed: number, stream: string): Random {
  // FNV-1a over the name, then mulberry32 (T. Ettinger, public domain).
  let state = (seed ^ 0x811c9dc5) | 0
  for (let i = 0; i < stream.length; i++)
    state = Math.imul(state ^ stream.charCodeAt(i), 16_777_619)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    int,
    chance: (part) => next() < part,
    pick: (list) => list[int(0, list.length - 1)]!,
    bytes: (count) => Uint8Array.from({ length: count }, () => int(0, 255)),
  }
}
