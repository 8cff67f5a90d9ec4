// Random numbers from a seed. The same seed gives the same walks and names, so a run can be repeated.
import { createHash } from 'node:crypto'

/** Bytes derived from a text, for accounts, names and walks. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest())
}

/** Numbers from 0 to below 1 (mulberry32, public domain, Tommy Ettinger). */
export function createRandom(text: string): () => number {
  const bytes = bytesOf(text)
  let state = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
