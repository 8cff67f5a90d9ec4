// Counts of values in buckets that grow by a fiftieth, so percentiles of any number of samples take a
// fixed memory and err by at most 2 %. Histograms of many players add up.

const growth = Math.log(1.02)
/** Up to about 400 million at 2 % a bucket. */
const buckets = 1000

export type Histogram = {
  /** Adds one value; negative ones count as 0. */
  add(value: number): void
  addAll(other: Histogram): void
  /** The value below which `part` (0..1) of all lie; 0 when there is none. */
  percentile(part: number): number
  readonly count: number
  readonly counts: Float64Array
}

export function createHistogram(): Histogram {
  const counts = new Float64Array(buckets)
  let count = 0
  return {
    add(value) {
      const bucket = Math.ceil(Math.log(1 + Math.max(0, value)) / growth)
      counts[Math.min(buckets - 1, bucket)]! += 1
      count++
    },
    addAll(other) {
      for (let i = 0; i < buckets; i++) counts[i]! += other.counts[i]!
      count += other.count
    },
    percentile(part) {
      if (count === 0) return 0
      let left = Math.ceil(part * count)
      for (let i = 0; i < buckets; i++) {
        left -= counts[i]!
        if (left <= 0) return Math.exp(i * growth) - 1
      }
      return Infinity
    },
    get count() {
      return count
    },
    counts,
  }
}
