// What a player feels, counted over the whole life of a world connection.
import { createHistogram } from './histogram.ts'
import type { Histogram } from './histogram.ts'

export type Metrics = {
  /** From asking to be let in to the first snapshot, in ms. */
  joinMs: Histogram
  /** How old a snapshot is when it arrives, by the synchronised clock, in ms. */
  updateAgeMs: Histogram
  bytesIn: number
  bytesOut: number
  framesIn: number
  framesOut: number
  /** How often the server corrected the own body. */
  corrections: number
  /** Sockets that were lost in the world. The client tried to resume each. */
  reconnects: number
  redirects: number
  /** Failures by code: problem codes, close reasons, `socket`. */
  errors: Map<string, number>
}

export function createMetrics(): Metrics {
  return {
    joinMs: createHistogram(),
    updateAgeMs: createHistogram(),
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    corrections: 0,
    reconnects: 0,
    redirects: 0,
    errors: new Map(),
  }
}

export function countError(metrics: Metrics, code: string): void {
  metrics.errors.set(code, (metrics.errors.get(code) ?? 0) + 1)
}
