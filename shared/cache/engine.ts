// The part of Redis that Waystone uses, in memory: texts, hashes and sorted sets that expire, and channels. It stands
// behind the embedded server and the in-process cache, so that both answer alike.
import { cacheMaxBytes, cacheSubscriptionsMax } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import {
  increment,
  parseExpireAt,
  parseExpireFlags,
  parseSetOptions,
  RedisError,
} from './arguments.ts'
import { createChannels } from './channels.ts'
import type { Command, Reply } from './command.ts'
import { createEntries, fieldsOf, textOf } from './entries.ts'
import type { Entries } from './entries.ts'
import { sortedCommands } from './sorted-commands.ts'

export type Engine = {
  /** Runs one command, name first. Throws RedisError with the text that Redis answers. */
  run(command: readonly string[]): Reply
  /** Throws RedisError for an unknown command or a wrong number of arguments; runs nothing. */
  check(command: readonly string[]): void
  /** Calls `listener` for each message until the returned function is called. */
  subscribe(channel: string, listener: (message: string) => void): () => void
}

export type EngineOptions = { maxBytes?: number; maxSubscriptions?: number }

export function createEngine(
  runtime: Pick<Runtime, 'now'>,
  { maxBytes = cacheMaxBytes, maxSubscriptions = cacheSubscriptionsMax }: EngineOptions = {},
): Engine {
  const channels = createChannels(maxSubscriptions)
  const entries = createEntries(runtime, maxBytes)
  const commands = new Map<string, Command>(
    Object.entries({
      ...textCommands(entries, runtime),
      ...hashCommands(entries),
      ...sortedCommands(entries),
    }),
  )
  const publish: Command['run'] = ([channel, message]) => channels.publish(channel!, message!)
  commands.set('publish', { least: 2, most: 2, run: publish })

  function lookUp([name = '', ...args]: readonly string[]) {
    const command = commands.get(name.toLowerCase())
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
    subscribe: channels.subscribe,
  }
}

function textCommands(entries: Entries, runtime: Pick<Runtime, 'now'>): Record<string, Command> {
  function set([key, value, ...rest]: readonly string[]): Reply {
    const options = parseSetOptions(rest, runtime.now())
    const before = entries.read(key!)
    const old = options.answersOld ? (textOf(before) ?? null) : undefined
    if (options.only !== undefined && (options.only === 'present') !== (before !== undefined)) {
      return old ?? null
    }
    entries.write(
      key!,
      value!,
      options.expiresAt === 'keep' ? before?.expiresAt : options.expiresAt,
    )
    return old === undefined ? 'OK' : old
  }

  function del(keys: readonly string[]): Reply {
    let removed = 0
    for (const key of keys) {
      const entry = entries.read(key)
      if (entry === undefined) continue
      entries.remove(key, entry)
      removed += 1
    }
    return removed
  }

  function incrby([key, by]: readonly string[]): Reply {
    const before = entries.read(key!)
    // Redis looks at the number before it looks at the key.
    const value = increment(by!, () => textOf(before) ?? '0')
    entries.write(key!, value, before?.expiresAt)
    // Beyond 2^53 the number is rounded, as it is for every reader of JSON.
    return Number(value)
  }

  function pexpire([key, ms, ...rest]: readonly string[]): Reply {
    const flags = parseExpireFlags(rest)
    const at = parseExpireAt(ms!, runtime.now())
    const entry = entries.read(key!)
    if (entry === undefined) return 0
    // A key that never expires counts as one that expires last.
    const current = entry.expiresAt ?? Number.POSITIVE_INFINITY
    if (flags.nx && entry.expiresAt !== undefined) return 0
    if (flags.xx && entry.expiresAt === undefined) return 0
    if ((flags.gt && at <= current) || (flags.lt && at >= current)) return 0
    if (at <= runtime.now()) entries.remove(key!, entry)
    else entry.expiresAt = at
    return 1
  }

  /** Null for another type as well. */
  function mget(keys: readonly string[]): Reply {
    return keys.map((key) => {
      const value = entries.read(key)?.value
      return typeof value === 'string' ? value : null
    })
  }

  return {
    get: { least: 1, most: 1, run: ([key]) => textOf(entries.read(key!)) ?? null },
    mget: { least: 1, most: Number.POSITIVE_INFINITY, run: mget },
    set: { least: 2, most: Number.POSITIVE_INFINITY, run: set },
    del: { least: 1, most: Number.POSITIVE_INFINITY, run: del },
    unlink: { least: 1, most: Number.POSITIVE_INFINITY, run: del },
    incr: { least: 1, most: 1, run: ([key]) => incrby([key!, '1']) },
    incrby: { least: 2, most: 2, run: incrby },
    pexpire: { least: 2, most: Number.POSITIVE_INFINITY, run: pexpire },
  }
}

function hashCommands(entries: Entries): Record<string, Command> {
  /** Fields were drawn so often. */
  let drawn = 0

  function hset([key, ...words]: readonly string[]): Reply {
    // As in Redis, a transaction takes it in and fails when it runs.
    if (words.length % 2 === 1) {
      throw new RedisError("ERR wrong number of arguments for 'hset' command")
    }
    const pairs: [string, string][] = []
    for (let i = 0; i < words.length; i += 2) pairs.push([words[i]!, words[i + 1]!])
    return entries.setFields(key!, pairs)
  }

  function hmget([key, ...names]: readonly string[]): Reply {
    const fields = fieldsOf(entries.read(key!))
    return names.map((name) => fields?.get(name) ?? null)
  }

  /** Only with a count that is not negative, and with values: different fields, so many of them as there are. */
  function hrandfield([key, count, word]: readonly string[]): Reply {
    const most = Number(count)
    if (!Number.isSafeInteger(most) || most < 0) {
      throw new RedisError('ERR value is not an integer or out of range')
    }
    if (word!.toLowerCase() !== 'withvalues') throw new RedisError('ERR syntax error')
    const all = [...(fieldsOf(entries.read(key!)) ?? [])]
    // By chance without a source of chance: any rotation of the fields, another one each time.
    const first = all.length === 0 ? 0 : drawn++ % all.length
    return [...all.slice(first), ...all.slice(0, first)].slice(0, most).flat()
  }

  return {
    hset: { least: 3, most: Number.POSITIVE_INFINITY, run: hset },
    hdel: {
      least: 2,
      most: Number.POSITIVE_INFINITY,
      run: ([key, ...names]) => entries.removeFields(key!, names),
    },
    hmget: { least: 2, most: Number.POSITIVE_INFINITY, run: hmget },
    hrandfield: { least: 3, most: 3, run: hrandfield },
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
