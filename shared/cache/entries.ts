// Keys with values that expire, in bounded memory: every key and value has a largest size, and all of
// them together too. When full, growth is refused as Redis does under its default policy (`noeviction`).
// Throwing out the oldest instead would let a flood of new keys reset the counters of rate limits.
import { cacheKeyMaxBytes, cacheValueMaxBytes } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { RedisError } from './arguments.ts'

/** `expiresAt`: Unix ms; may be changed in place. */
type Entry = { readonly value: string; expiresAt: number | undefined; readonly bytes: number }

/** What an entry costs beside its texts: an object, a map slot, a number. Measured roughly. */
const entryBytes = 96
/** Entries looked at for expiry with each write: the whole map is passed in half as many writes. */
const sweptPerWrite = 2
/** When memory is short, so many are looked at: still well under a millisecond. */
const sweptWhenFull = 500

export type Entries = ReturnType<typeof createEntries>

export function createEntries(runtime: Pick<Runtime, 'now'>, maxBytes: number) {
  const entries = new Map<string, Entry>()
  let usedBytes = 0
  let sweeper = entries.entries()

  function isExpired(entry: Entry): boolean {
    return entry.expiresAt !== undefined && entry.expiresAt <= runtime.now()
  }

  function remove(key: string, entry: Entry): void {
    entries.delete(key)
    usedBytes -= entry.bytes
  }

  /** Removes expired entries among the next few; goes round the map for ever. */
  function sweep(count: number): void {
    for (let i = 0; i < count; i++) {
      const next = sweeper.next()
      if (next.done) {
        sweeper = entries.entries()
        return
      }
      const [key, entry] = next.value
      if (isExpired(entry)) remove(key, entry)
    }
  }

  return {
    read(key: string): Entry | undefined {
      const entry = entries.get(key)
      if (entry === undefined || !isExpired(entry)) return entry
      remove(key, entry)
      return undefined
    },
    remove,
    /** Throws RedisError for what is too large, and when memory is full. */
    write(key: string, value: string, expiresAt: number | undefined): void {
      const keyBytes = Buffer.byteLength(key)
      const valueBytes = Buffer.byteLength(value)
      if (keyBytes > cacheKeyMaxBytes) throw new RedisError('ERR key exceeds maximum allowed size')
      if (valueBytes > cacheValueMaxBytes) {
        throw new RedisError('ERR string exceeds maximum allowed size')
      }
      sweep(sweptPerWrite)
      const bytes = keyBytes + valueBytes + entryBytes
      const grows = () => usedBytes - (entries.get(key)?.bytes ?? 0) + bytes > maxBytes
      if (grows()) sweep(sweptWhenFull)
      if (grows()) {
        throw new RedisError("OOM command not allowed when used memory > 'maxmemory'.")
      }
      usedBytes += bytes - (entries.get(key)?.bytes ?? 0)
      entries.set(key, { value, expiresAt, bytes })
    },
  }
}
