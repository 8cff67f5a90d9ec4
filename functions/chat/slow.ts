// Slow mode and the order of a speaker, without a store. Both stand in one row of the speaker, which each of his lines
// writes in its transaction: so his lines have rising times, and no two of them take the same turn. Moments are Unix ms.
import { chatSlow } from '#shared/limits.ts'

export type ChannelKind = keyof typeof chatSlow

/** What is known of a speaker. */
export type Speaker = {
  /** The moment of his latest line. */
  at: number
  /** By kind of channel: when its bucket is full again. */
  full: Record<string, number>
}

/** The speaker after one more line, or how long he has to wait. */
export function takeTurn(
  speaker: Speaker | undefined,
  kind: ChannelKind,
  now: number,
): Speaker | { waitMs: number } {
  const { burst, refillMs } = chatSlow[kind]
  const full = Math.max(speaker?.full[kind] ?? 0, now) + refillMs
  const waitMs = full - now - burst * refillMs
  if (waitMs > 0) return { waitMs }
  return { at: Math.max(now, (speaker?.at ?? 0) + 1), full: { ...speaker?.full, [kind]: full } }
}
