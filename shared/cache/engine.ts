// The part of Redis that Waystone uses, in memory: strings that expire, and channels. It stands
// behind the embedded server and the in-process cache, so that both answer alike.
//
// Memory is bounded: every key and value has a largest size, and all of them together too. When
// full, growth is refused as Redis does under its default policy (`noeviction`). Throwing out the
// oldest instead would let a flood of new keys reset the counters of rate limits.
import {
  cacheKeyMaxBytes,
  cacheMaxBytes,
  cacheSubscriptionsMax,
  cacheValueMaxBytes,
} from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import {
  increment,
  parseExpireAt,
  parseExpireFlags,
  parseSetOptions,
  RedisError,
} from './arguments.ts'

export type Reply = string | number | null

export type Engine = {
  /** Runs one command, name first. Throws RedisError with the text that Redis answers. */
  run(command: readonly string[]): Reply
  /** Throws RedisError for an unknown command or a wrong number of arguments; runs nothing. */
  check(command: readonly string[]): void
  /** Calls `listener` for each message until the returned function is called. */
  subscribe(channel: string, listener: (message: string) => void): () => void
}

export type EngineOptions = { maxBytes?: number; maxSubscriptions?: number }

type Entry = { value: string; expiresAt: number | undefined; bytes: number }

/** What an entry costs beside its texts: an object, a map slot, a number. Measured roughly. */
const entryBytes = 96
/** Entries looked at for expiry with each write: the whole map is passed in half as many writes. */
const sweptPerWrite = 2
/** When memory is short, so many are looked at: still well under a millisecond. */
const sweptWhenFull = 500

export function createEngine(
  runtime: Pick<Runtime, 'now'>,
  { maxBytes = cacheMaxBytes, maxSubscriptions = cacheSubscriptionsMax }: EngineOptions = {},
): Engine {
  const entries = new Map<string, Entry>()
  const channels = new Map<string, Set<(message: string) => void>>()
  let usedBytes = 0
  let subscriptions = 0
  let sweeper = entries.entries()

  function isExpired(entry: Entry): boolean {
    return entry.expiresAt !== undefined && entry.expiresAt <= runtime.now()
  }

  function remove(key: string, entry: Entry): void {
    entries.delete(key)
    usedBytes -= entry.bytes
  }

  function read(key: string): Entry | undefined {
    const entry = entries.get(key)
    if (entry === undefined || !isExpired(entry)) return entry
    remove(key, entry)
    return undefined
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

  function write(key: string, value: string, expiresAt: number | undefined): void {
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
  }

  function set([key, value, ...rest]: readonly string[]): Reply {
    const options = parseSetOptions(rest, runtime.now())
    const before = read(key!)
    const old = options.answersOld ? (before?.value ?? null) : undefined
    if (options.only !== undefined && (options.only === 'present') !== (before !== undefined)) {
      return old ?? null
    }
    write(key!, value!, options.expiresAt === 'keep' ? before?.expiresAt : options.expiresAt)
    return old === undefined ? 'OK' : old
  }

  function del(keys: readonly string[]): Reply {
    let removed = 0
    for (const key of keys) {
      const entry = read(key)
      if (entry === undefined) continue
      remove(key, entry)
      removed += 1
    }
    return removed
  }

  function incrby([key, by]: readonly string[]): Reply {
    const before = read(key!)
    const value = increment(before?.value ?? '0', by!)
    write(key!, value, before?.expiresAt)
    // Beyond 2^53 the number is rounded, as it is for every reader of JSON.
    return Number(value)
  }

  function pexpire([key, ms, ...rest]: readonly string[]): Reply {
    const flags = parseExpireFlags(rest)
    const at = parseExpireAt(ms!, runtime.now())
    const entry = read(key!)
    if (entry === undefined) return 0
    // A key that never expires counts as one that expires last.
    const current = entry.expiresAt ?? Number.POSITIVE_INFINITY
    if (flags.nx && entry.expiresAt !== undefined) return 0
    if (flags.xx && entry.expiresAt === undefined) return 0
    if ((flags.gt && at <= current) || (flags.lt && at >= current)) return 0
    if (at <= runtime.now()) remove(key!, entry)
    else entry.expiresAt = at
    return 1
  }

  function publish([channel, message]: readonly string[]): Reply {
    const listeners = [...(channels.get(channel!) ?? [])]
    for (const listener of listeners) listener(message!)
    return listeners.length
  }

  // Arguments at least and at most, the name not counted.
  const commands: Record<
    string,
    { least: number; most: number; run: (args: readonly string[]) => Reply } | undefined
  > = {
    __proto__: null as never,
    get: { least: 1, most: 1, run: ([key]) => read(key!)?.value ?? null },
    set: { least: 2, most: Number.POSITIVE_INFINITY, run: set },
    del: { least: 1, most: Number.POSITIVE_INFINITY, run: del },
    incr: { least: 1, most: 1, run: ([key]) => incrby([key!, '1']) },
    incrby: { least: 2, most: 2, run: incrby },
    pexpire: { least: 2, most: Number.POSITIVE_INFINITY, run: pexpire },
    publish: { least: 2, most: 2, run: publish },
  }

  function lookUp([name = '', ...args]: readonly string[]) {
    const command = commands[name.toLowerCase()]
    if (command === undefined) throw new RedisError(unknownCommand(name, args))
    if (args.length < command.least || args.length > command.most) {
      throw new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
    }
    return { command, args }
  }

  return {
    run(words) {
      const { command, args } = lookUp(words)
      return command.run(args)
    },
    check(words) {
      lookUp(words)
    },
    subscribe(channel, listener) {
      if (subscriptions >= maxSubscriptions) {
        throw new RedisError('ERR max number of clients reached')
      }
      const listeners = channels.get(channel) ?? new Set()
      // A function of its own, so that the same listener may subscribe twice and leave once.
      const own = (message: string) => listener(message)
      channels.set(channel, listeners.add(own))
      subscriptions += 1
      return () => {
        if (!listeners.delete(own)) return
        subscriptions -= 1
        if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel)
      }
    },
  }
}

/** Redis quotes up to 128 bytes of the name, and arguments until it has written 128. */
function unknownCommand(name: string, args: readonly string[]): string {
  let quoted = Buffer.alloc(0)
  for (const arg of args) {
    if (quoted.length >= 128) break
    quoted = Buffer.concat([
      quoted,
      Buffer.from("'"),
      cut(arg, 128 - quoted.length),
      Buffer.from("' "),
    ])
  }
  const text = `ERR unknown command '${cut(name, 128).toString()}', with args beginning with: ${quoted.toString()}`
  return text.replaceAll(/[\r\n]/g, ' ')
}

/** As C prints it: so many bytes at most, even of half a character, and nothing behind a zero. */
function cut(text: string, bytes: number): Buffer {
  const whole = Buffer.from(text)
  const zero = whole.indexOf(0)
  return whole.subarray(0, zero === -1 ? bytes : Math.min(bytes, zero))
}
