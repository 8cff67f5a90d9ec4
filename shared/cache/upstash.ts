// The cache over HTTP: Upstash, or the embedded Redis that speaks its dialect.
//
// Commands go through @upstash/redis. These parts of it are turned off:
// - retries: a repeated INCR after a lost answer counts twice, and callers have a way without cache;
// - automatic pipelining: the caller decides which commands go in one request;
// - automatic JSON parsing: "12" is the text it was;
// - telemetry headers, and sync tokens, on which nothing here relies.
import { Redis } from '@upstash/redis'
import { CacheError } from './cache.ts'
import type { Cache, CacheAnswer, CacheCommand } from './cache.ts'
import { subscribeByEvents } from './subscribe.ts'

export type CacheOptions = {
  /** Base URL of the Redis REST API. */
  url: string
  token: string
  /** A request without an answer by then fails with CacheError. */
  timeoutMs: number
}

export function createCache({ url, token, timeoutMs }: CacheOptions): Cache {
  const redis = new Redis({
    url,
    token,
    // A function, so that each request has its own deadline and an abort is an error.
    signal: () => AbortSignal.timeout(timeoutMs),
    retry: { retries: 0 },
    enableAutoPipelining: false,
    automaticDeserialization: false,
    enableTelemetry: false,
    readYourWrites: false,
  })

  return {
    async pipeline(commands) {
      if (commands.length === 0) return []
      const pipeline = redis.pipeline()
      for (const command of commands) append(pipeline, command)
      try {
        return await pipeline.exec<CacheAnswer[]>()
      } catch (error) {
        throw toCacheError(error)
      }
    },

    subscribe(channel, onMessage, signal, onBack) {
      subscribeByEvents({ url, token, timeoutMs, channel, onMessage, signal, onBack })
    },
  }
}

function append(pipeline: ReturnType<Redis['pipeline']>, command: CacheCommand): void {
  switch (command[0]) {
    case 'GET':
      pipeline.get(command[1])
      break
    case 'MGET':
      pipeline.mget(...command.slice(1))
      break
    case 'SET':
      pipeline.set(command[1], command[2], setOptions(command.slice(3)))
      break
    case 'DEL':
      pipeline.del(...command.slice(1))
      break
    case 'UNLINK':
      pipeline.unlink(...command.slice(1))
      break
    case 'INCR':
      pipeline.incr(command[1])
      break
    case 'INCRBY':
      pipeline.incrby(command[1], command[2])
      break
    case 'PEXPIRE':
      // Not `command[3]`: the library would send undefined as null.
      pipeline.pexpire(command[1], command[2], ...command.slice(3).map(() => 'NX' as const))
      break
    case 'HSET':
      pipeline.hset(command[1], fieldsOf(command.slice(2)))
      break
    case 'HDEL':
      pipeline.hdel(command[1], ...command.slice(2))
      break
    case 'HMGET':
      pipeline.hmget(command[1], ...command.slice(2))
      break
    case 'HRANDFIELD':
      pipeline.hrandfield(command[1], command[2], true)
      break
    case 'ZADD': {
      const [first, ...more] = scoredOf(command.slice(2))
      pipeline.zadd(command[1], first!, ...more)
      break
    }
    case 'ZREM':
      pipeline.zrem(command[1], ...command.slice(2))
      break
    case 'ZRANK':
      pipeline.zrank(command[1], command[2])
      break
    case 'ZSCORE':
      pipeline.zscore(command[1], command[2])
      break
    case 'ZRANGE':
      if (command.length === 4) pipeline.zrange(command[1], command[2], command[3])
      else {
        const [, key, from, to, , , offset, count] = command
        // Bounds of this kind begin with one of these characters; the type of the library says so.
        type Bound = `[${string}` | `(${string}` | '-' | '+'
        pipeline.zrange(key, from as Bound, to as Bound, { byLex: true, offset, count })
      }
      break
    case 'PUBLISH':
      pipeline.publish(command[1], command[2])
      break
  }
}

function setOptions(words: (string | number)[]) {
  const px = words.indexOf('PX')
  const options: { px?: number; nx?: true } = {}
  if (px !== -1) options.px = Number(words[px + 1])
  if (words.includes('NX')) options.nx = true
  return options as { px: number; nx: true }
}

/** The library takes an object; of two equal fields the last counts, as in Redis. */
function fieldsOf(words: string[]): Record<string, string> {
  const pairs: [string, string][] = []
  for (let i = 0; i < words.length; i += 2) pairs.push([words[i]!, words[i + 1]!])
  return Object.fromEntries(pairs)
}

function scoredOf(words: (number | string)[]) {
  const scored: { score: number; member: string }[] = []
  for (let i = 0; i < words.length; i += 2) {
    scored.push({ score: Number(words[i]), member: String(words[i + 1]) })
  }
  return scored
}

/** The library quotes the whole command in its messages; values do not belong in a log. */
function toCacheError(error: unknown): CacheError {
  if (error instanceof Error && error.name === 'UpstashError') {
    return new CacheError(error.message.replace(/, command was: .*$/s, ''))
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new CacheError('the cache did not answer in time', error)
  }
  return new CacheError('the cache cannot be reached', error)
}
