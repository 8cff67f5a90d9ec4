// How long the latest ticks took.

export type Durations = {
  add(ms: number): void
  summary(): { count: number; p50Ms: number; p99Ms: number; maxMs: number }
}

/** Of the latest 4,096: over three minutes at 20 Hz, 32 KB. */
const kept = 4096

export function createDurations(): Durations {
  const ring = new Float64Array(kept)
  let count = 0
  return {
    add(ms) {
      ring[count % kept] = ms
      count++
    },
    summary() {
      const sorted = ring.slice(0, Math.min(count, kept)).sort()
      const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0
      return { count, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
    },
  }
}
