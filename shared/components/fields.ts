// The fields of components. Each has a fixed width and a range; a text has a bound. So what a component costs
// on the wire and in memory follows from its declaration.

/** How a field's value lies in a record, little endian; `text8` is UTF-8 behind its length in one byte. */
export type Wire = 'u8' | 'i8' | 'u16' | 'i16' | 'u24' | 'u32' | 'i32' | 'text8'

/** What a game reads and writes in a field. */
type FieldType = 'integer' | 'flag' | 'choice' | 'text' | 'entity'

export type Field<T = unknown> = {
  readonly type: FieldType
  readonly wire: Wire
  /** Of the number that is stored; of a text, its bytes. */
  readonly min: number
  readonly max: number
  /** Of a choice, in the order of their numbers. */
  readonly choices: readonly string[]
  /** The value as it is stored: a number or a text. Throws a RangeError when the field cannot hold it. */
  store(value: T): number | string
  /** The value behind what `store` returned. */
  load(stored: number | string): T
}

export type Shape = { readonly [field: string]: Field }
export type ValueOf<S extends Shape> = {
  readonly [F in keyof S]: S[F] extends Field<infer T> ? T : never
}

const ranges: readonly [Wire, number, number][] = [
  ['u8', 0, 0xff],
  ['i8', -0x80, 0x7f],
  ['u16', 0, 0xffff],
  ['i16', -0x8000, 0x7fff],
  ['u32', 0, 0xffff_ffff],
  ['i32', -0x8000_0000, 0x7fff_ffff],
]

/**
 * A whole number from `min` to `max`, both included. It takes 1, 2 or 4 bytes. Throws a RangeError for a
 * range that 4 bytes do not hold.
 */
export function int(min: number, max: number): Field<number> {
  const fits = ranges.find(([, low, high]) => low <= min && max <= high)
  if (fits === undefined || !Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min > max) {
    throw new RangeError(`no field holds the whole numbers from ${min} to ${max}`)
  }
  return {
    type: 'integer',
    wire: fits[0],
    min,
    max,
    choices: [],
    store: (value) => within(value, min, max),
    load: (stored) => stored as number,
  }
}

export const u8 = int(0, 0xff)
export const u16 = int(0, 0xffff)
export const u32 = int(0, 0xffff_ffff)
export const i16 = int(-0x8000, 0x7fff)
export const i32 = int(-0x8000_0000, 0x7fff_ffff)

/** True or false, in one byte. */
export const flag: Field<boolean> = {
  type: 'flag',
  wire: 'u8',
  min: 0,
  max: 1,
  choices: [],
  store(value) {
    if (typeof value === 'boolean') return value ? 1 : 0
    throw new RangeError(`${String(value)} is neither true nor false`)
  },
  load: (stored) => stored === 1,
}

/** One of at most 256 words, in one byte. A word that is added later must come last. */
export function oneOf<const W extends readonly [string, ...string[]]>(
  ...choices: W
): Field<W[number]> {
  if (choices.length > 256 || new Set(choices).size < choices.length) {
    throw new RangeError(`${choices.length} choices: at most 256 different ones fit`)
  }
  return {
    type: 'choice',
    wire: 'u8',
    min: 0,
    max: choices.length - 1,
    choices,
    store(value) {
      const index = choices.indexOf(value)
      if (index >= 0) return index
      throw new RangeError(`${value} is none of ${choices.join(', ')}`)
    },
    load: (stored) => choices[stored as number]!,
  }
}

/** A short text of at most `maxBytes` in UTF-8; without it, of 255. */
export function text(maxBytes = 255): Field<string> {
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 255) {
    throw new RangeError(`a text of ${maxBytes} bytes: 1 to 255 are possible`)
  }
  return {
    type: 'text',
    wire: 'text8',
    min: 0,
    max: maxBytes,
    choices: [],
    store(value) {
      if (typeof value !== 'string' || !value.isWellFormed()) {
        throw new RangeError(`${value} is no well-formed text`)
      }
      const bytes = encoder.encode(value).length
      if (bytes <= maxBytes) return value
      throw new RangeError(`a text of ${bytes} bytes, at most ${maxBytes} fit`)
    },
    load: (stored) => stored as string,
  }
}

/** The id of another entity; 0 for none. It names no other entity for at least four minutes. */
export const entityId: Field<number> = {
  type: 'entity',
  wire: 'u24',
  min: 0,
  max: 0xff_ffff,
  choices: [],
  store: (value) => within(value, 0, 0xff_ffff),
  load: (stored) => stored as number,
}

/** Bytes of a field in a record; of a text, at its longest. */
export function bytesOf({ wire, max }: Field): number {
  switch (wire) {
    case 'u8':
    case 'i8':
      return 1
    case 'u16':
    case 'i16':
      return 2
    case 'u24':
      return 3
    case 'u32':
    case 'i32':
      return 4
    case 'text8':
      return 1 + max
  }
}

const encoder = new TextEncoder()

function within(value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${String(value)} is no whole number from ${min} to ${max}`)
}
