// The cache seam: Redis over HTTP (Upstash). Only what can be rebuilt or lost lies here; never a lock.

export type CacheCommand =
  | ['GET', key: string]
  | ['MGET', ...keys: string[]]
  | ['SET', key: string, value: string, ...('PX' | 'NX' | number)[]]
  | ['DEL', ...keys: string[]]
  | ['UNLINK', ...keys: string[]]
  | ['INCR', key: string]
  | ['INCRBY', key: string, by: number]
  | ['PEXPIRE', key: string, ms: number, ...'NX'[]]
  | ['HSET', key: string, ...fieldsAndValues: string[]]
  | ['HDEL', key: string, ...fields: string[]]
  | ['HMGET', key: string, ...fields: string[]]
  /** So many fields by chance, each followed by its value. */
  | ['HRANDFIELD', key: string, count: number, 'WITHVALUES']
  | ['ZADD', key: string, ...scoresAndMembers: (number | string)[]]
  | ['ZREM', key: string, ...members: string[]]
  | ['ZRANK', key: string, member: string]
  | ['ZSCORE', key: string, member: string]
  | ['ZRANGE', key: string, from: number, to: number]
  | [
      'ZRANGE',
      key: string,
      from: string,
      to: string,
      'BYLEX',
      'LIMIT',
      offset: number,
      count: number,
    ]
  | ['PUBLISH', channel: string, message: string]

/** `MGET`, `HMGET`, `HRANDFIELD` and `ZRANGE` answer a list: null for what is absent. */
export type CacheAnswer = string | number | null | (string | null)[]

export interface Cache {
  /** Sends all commands in one request; answers stand in their order. Fails with CacheError. */
  pipeline(commands: CacheCommand[]): Promise<CacheAnswer[]>
  /**
   * Listens until the signal is aborted. Messages lost while it is disconnected are not repeated: `onBack` is called
   * when it listens again.
   */
  subscribe(
    channel: string,
    onMessage: (message: string) => void,
    signal: AbortSignal,
    onBack?: () => void,
  ): void
}

/** The cache did not answer in time or refused. Callers go on without it. */
export class CacheError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'CacheError'
  }
}
