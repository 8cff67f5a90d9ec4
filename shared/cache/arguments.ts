// Arguments of the embedded Redis' commands, read as Redis 7 reads them, with its own error texts.

/** A refusal of the embedded Redis; the message is the text that Redis would answer. */
export class RedisError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RedisError'
  }
}

const int64Max = 2n ** 63n - 1n
const notAnInteger = 'ERR value is not an integer or out of range'

/** A signed 64-bit integer in Redis' strict form: no blanks, no plus, no leading zeros. */
export function parseInteger(text: string): bigint {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) throw new RedisError(notAnInteger)
  const value = BigInt(text)
  if (value > int64Max || value < -int64Max - 1n) throw new RedisError(notAnInteger)
  return value
}

/** An integer added to a stored one, which is read after it was checked; as text. */
export function increment(by: string, stored: () => string): string {
  const added = parseInteger(by)
  const value = parseInteger(stored()) + added
  if (value > int64Max || value < -int64Max - 1n) {
    throw new RedisError('ERR increment or decrement would overflow')
  }
  return String(value)
}

export type SetOptions = {
  /** When the key expires, Unix ms; `keep` leaves what it had; undefined means never. */
  expiresAt: number | 'keep' | undefined
  only: 'absent' | 'present' | undefined
  /** Answer the value before instead of OK. */
  answersOld: boolean
}

// Options that name the expiry: milliseconds a unit, and whether it counts from now.
const expiryUnits: Record<string, { unitMs: bigint; relative: boolean } | undefined> = {
  EX: { unitMs: 1000n, relative: true },
  PX: { unitMs: 1n, relative: true },
  EXAT: { unitMs: 1000n, relative: false },
  PXAT: { unitMs: 1n, relative: false },
}

/** What follows `SET key value`. */
export function parseSetOptions(args: readonly string[], now: number): SetOptions {
  const options: SetOptions = { expiresAt: undefined, only: undefined, answersOld: false }
  // Redis reads all options before it looks at the number: a wrong option is reported first.
  let expiry: { option: string; text: string; unitMs: bigint; relative: boolean } | undefined
  for (let i = 0; i < args.length; i++) {
    const option = args[i]!.toUpperCase()
    const units = expiryUnits[option]
    const condition = option === 'NX' ? 'absent' : option === 'XX' ? 'present' : undefined
    if (condition !== undefined && (options.only ?? condition) === condition) {
      options.only = condition
    } else if (option === 'GET') {
      options.answersOld = true
    } else if (option === 'KEEPTTL' && expiry === undefined) {
      options.expiresAt = 'keep'
    } else if (
      units &&
      // The same one again takes the place of the first.
      (expiry?.option ?? option) === option &&
      options.expiresAt !== 'keep' &&
      i + 1 < args.length
    ) {
      i += 1
      expiry = { option, text: args[i]!, ...units }
    } else {
      throw new RedisError('ERR syntax error')
    }
  }
  if (expiry) options.expiresAt = expiryOf(expiry, now)
  return options
}

function expiryOf(expiry: { text: string; unitMs: bigint; relative: boolean }, now: number) {
  const value = parseInteger(expiry.text)
  const at = value * expiry.unitMs + (expiry.relative ? BigInt(now) : 0n)
  if (value <= 0n || at > int64Max) throw new RedisError("ERR invalid expire time in 'set' command")
  return Number(at)
}

export type ExpireFlags = { nx: boolean; xx: boolean; gt: boolean; lt: boolean }

/** What follows `PEXPIRE key ms`. */
export function parseExpireFlags(args: readonly string[]): ExpireFlags {
  const flags: ExpireFlags = { nx: false, xx: false, gt: false, lt: false }
  for (const arg of args) {
    const flag = arg.toLowerCase()
    if (!(flag in flags)) throw new RedisError(`ERR Unsupported option ${arg}`)
    flags[flag as keyof ExpireFlags] = true
  }
  if (flags.nx && (flags.xx || flags.gt || flags.lt)) {
    throw new RedisError('ERR NX and XX, GT or LT options at the same time are not compatible')
  }
  if (flags.gt && flags.lt) {
    throw new RedisError('ERR GT and LT options at the same time are not compatible')
  }
  return flags
}

/** The moment of `PEXPIRE key ms`, Unix ms. */
export function parseExpireAt(text: string, now: number): number {
  const at = parseInteger(text) + BigInt(now)
  if (at > int64Max) throw new RedisError("ERR invalid expire time in 'pexpire' command")
  return Number(at)
}
