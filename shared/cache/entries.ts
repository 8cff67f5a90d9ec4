// Keys with texts, hashes of texts and sorted sets that expire, in bounded memory: every key, field and text has a largest
// size, and all of them together too. When full, growth is refused as Redis does under its default policy
// (`noeviction`). Throwing out the oldest instead would let a flood of new keys reset the counters of rate limits.
import { cacheKeyMaxBytes, cacheValueMaxBytes } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import { RedisError } from './arguments.ts'
import { SortedSet } from './sorted-set.ts'

/** `expiresAt`: Unix ms; may be changed in place. No hash and no set is empty: then its key is gone. */
type Entry = {
  readonly value: string | Map<string, string> | SortedSet
  expiresAt: number | undefined
  readonly bytes: number
}

/** What an entry costs beside its texts: an object, a map slot, a number. Measured roughly. */
const entryBytes = 96
/** A field of a hash: a map slot. */
const fieldBytes = 48
/** A member of a sorted set: a map slot, an object, its place in a chunk. */
const memberBytes = 80
/** Entries looked at for expiry with each write: the whole map is passed in half as many writes. */
const sweptPerWrite = 2
/** When memory is short, so many are looked at: still well under a millisecond. */
const sweptWhenFull = 500

const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value'

/** The text of an entry. Throws RedisError for another type. */
export function textOf(entry: Entry | undefined): string | undefined {
  if (entry === undefined) return undefined
  if (typeof entry.value === 'string') return entry.value
  throw new RedisError(wrongType)
}

/** The fields of a hash, for reading. Throws RedisError for another type. */
export function fieldsOf(entry: Entry | undefined): Map<string, string> | undefined {
  if (entry === undefined) return undefined
  if (entry.value instanceof Map) return entry.value
  throw new RedisError(wrongType)
}

/** A sorted set, for reading. Throws RedisError for another type. */
export function sortedOf(entry: Entry | undefined): SortedSet | undefined {
  if (entry === undefined) return undefined
  if (entry.value instanceof SortedSet) return entry.value
  throw new RedisError(wrongType)
}

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

  function read(key: string): Entry | undefined {
    const entry = entries.get(key)
    if (entry === undefined || !isExpired(entry)) return entry
    remove(key, entry)
    return undefined
  }

  /** Puts an entry in the place of the one before. Throws RedisError when memory is full. */
  function replace(key: string, entry: Entry): void {
    sweep(sweptPerWrite)
    const grows = () => usedBytes - (entries.get(key)?.bytes ?? 0) + entry.bytes > maxBytes
    if (grows()) sweep(sweptWhenFull)
    if (grows()) {
      throw new RedisError("OOM command not allowed when used memory > 'maxmemory'.")
    }
    usedBytes += entry.bytes - (entries.get(key)?.bytes ?? 0)
    entries.set(key, entry)
  }

  return {
    read,
    remove,
    /** Throws RedisError for what is too large, and when memory is full. */
    write(key: string, value: string, expiresAt: number | undefined): void {
      const bytes = bytesOfKey(key) + bytesOfValue(value) + entryBytes
      replace(key, { value, expiresAt, bytes })
    },
    /** Sets all fields or none, and returns how many are new. Throws RedisError as `write` does. */
    setFields(key: string, pairs: readonly (readonly [string, string])[]): number {
      const before = read(key)
      const fields = fieldsOf(before) ?? new Map<string, string>()
      const set = new Map(pairs)
      let bytes = before?.bytes ?? bytesOfKey(key) + entryBytes
      let added = 0
      for (const [field, value] of set) {
        const old = fields.get(field)
        bytes += bytesOfValue(value)
        if (old === undefined) {
          bytes += bytesOfKey(field) + fieldBytes
          added += 1
        } else bytes -= Buffer.byteLength(old)
      }
      replace(key, { value: fields, expiresAt: before?.expiresAt, bytes })
      for (const [field, value] of set) fields.set(field, value)
      return added
    },
    /** Sets all scores or none. Throws RedisError as `write` does. */
    setScores(key: string, pairs: readonly (readonly [string, number])[]): void {
      const before = read(key)
      const set = sortedOf(before) ?? new SortedSet()
      const added = new Set(
        pairs.flatMap(([member]) => (set.scoreOf(member) === undefined ? [member] : [])),
      )
      let bytes = before?.bytes ?? bytesOfKey(key) + entryBytes
      for (const member of added) bytes += bytesOfValue(member) + memberBytes
      replace(key, { value: set, expiresAt: before?.expiresAt, bytes })
      for (const [member, score] of pairs) set.set(member, score)
    },
    /** Returns how many were there. Throws RedisError for another type. */
    removeMembers(key: string, members: readonly string[]): number {
      const before = read(key)
      const set = sortedOf(before)
      if (before === undefined || set === undefined) return 0
      let { bytes } = before
      let removed = 0
      for (const member of members) {
        if (!set.remove(member)) continue
        bytes -= Buffer.byteLength(member) + memberBytes
        removed += 1
      }
      usedBytes += bytes - before.bytes
      if (set.size === 0) remove(key, { ...before, bytes })
      else entries.set(key, { ...before, bytes })
      return removed
    },
    /** Returns how many were there. Throws RedisError for another type. */
    removeFields(key: string, names: readonly string[]): number {
      const before = read(key)
      const fields = fieldsOf(before)
      if (before === undefined || fields === undefined) return 0
      let { bytes } = before
      let removed = 0
      for (const field of names) {
        const value = fields.get(field)
        if (value === undefined) continue
        fields.delete(field)
        bytes -= Buffer.byteLength(field) + Buffer.byteLength(value) + fieldBytes
        removed += 1
      }
      usedBytes += bytes - before.bytes
      if (fields.size === 0) remove(key, { ...before, bytes })
      else entries.set(key, { ...before, bytes })
      return removed
    },
  }
}

function bytesOfKey(key: string): number {
  const bytes = Buffer.byteLength(key)
  if (bytes > cacheKeyMaxBytes) throw new RedisError('ERR key exceeds maximum allowed size')
  return bytes
}

function bytesOfValue(value: string): number {
  const bytes = Buffer.byteLength(value)
  if (bytes > cacheValueMaxBytes) throw new RedisError('ERR string exceeds maximum allowed size')
  return bytes
}
