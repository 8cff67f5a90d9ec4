// What a value is, how it is copied, compared and counted, as DynamoDB does it.
import type { Item, Key, PermanentRefusal, Value } from './store.ts'
import { StoreError } from './store.ts'

/** DynamoDB's letters for the types that Waystone stores. */
export type TypeTag = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'L' | 'M'

/** A whole item, names and values, in bytes. DynamoDB's own bound. */
const itemMaxBytes = 400 * 1024
/** DynamoDB's bounds of a key, in bytes of UTF-8. */
export const partitionKeyMaxBytes = 2048
export const sortKeyMaxBytes = 1024
/** DynamoDB's bound of lists and maps inside each other. */
const nestingMax = 32

/** A request that is wrong: a defect of the caller. */
export function invalid(message: string, refusal: PermanentRefusal = 'malformed'): StoreError {
  return new StoreError('invalid', message, { refusal })
}

export function typeOf(value: Value): TypeTag {
  if (typeof value === 'string') return 'S'
  if (typeof value === 'number') return 'N'
  if (typeof value === 'boolean') return 'BOOL'
  if (value === null) return 'NULL'
  if (value instanceof Uint8Array) return 'B'
  return Array.isArray(value) ? 'L' : 'M'
}

export function isMap(value: Value | undefined): value is { [attribute: string]: Value } {
  return value !== undefined && typeOf(value) === 'M'
}

/**
 * A deep copy that shares nothing with the original. Throws StoreError `invalid` for what no row may
 * hold: undefined, fractions, numbers beyond 2^53, lone surrogates, foreign objects.
 */
export function cloneValue(value: Value, depth = 0): Value {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw invalid('a string is not well-formed Unicode')
    return value
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw invalid('a number is not an integer within 2^53')
    // -0 does not exist in DynamoDB.
    return value + 0
  }
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object') throw invalid(`a ${typeof value} cannot be stored`)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (depth >= nestingMax) throw invalid(`values are nested more than ${nestingMax} deep`)
  if (Array.isArray(value)) return value.map((entry) => cloneValue(entry, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw invalid('an object is not a plain one')
  }
  return cloneMap(value, depth + 1)
}

function cloneMap(map: { [attribute: string]: Value }, depth: number) {
  const copy: { [attribute: string]: Value } = {}
  for (const [name, value] of Object.entries(map)) {
    if (name === '' || name === '__proto__') throw invalid('an attribute name is not allowed')
    copy[name] = cloneValue(value, depth)
  }
  return copy
}

/** A checked deep copy of an item. Throws StoreError `invalid` when key or size are not allowed. */
export function cloneItem(item: Item): Item {
  checkKey(item)
  const copy = cloneMap(item, 0) as Item
  if (sizeOfItem(copy) > itemMaxBytes) throw invalid('the item is larger than 400 KB', 'tooLarge')
  return copy
}

/** A deep copy of an item that was checked when it was stored. */
export function copyItem(item: Item): Item {
  return copyMap(item) as Item
}

function copyValue(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return Array.isArray(value) ? value.map(copyValue) : copyMap(value)
}

function copyMap(map: { [attribute: string]: Value }) {
  const copy: { [attribute: string]: Value } = {}
  for (const name in map) copy[name] = copyValue(map[name]!)
  return copy
}

export function checkKey(key: Key): void {
  checkKeyPart(key.pk, 'pk', partitionKeyMaxBytes)
  checkKeyPart(key.sk, 'sk', sortKeyMaxBytes)
}

export function checkKeyPart(part: Value | undefined, name: string, maxBytes: number): void {
  if (typeof part !== 'string') throw invalid(`${name} is not a string`)
  if (part === '') throw invalid(`${name} is empty`)
  if (!part.isWellFormed()) throw invalid(`${name} is not well-formed Unicode`)
  if (utf8Bytes(part) > maxBytes) throw invalid(`${name} is longer than ${maxBytes} bytes`)
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

/** Bytes that DynamoDB counts for an item (developer guide, "item sizes and formats"). */
export function sizeOfItem(item: { [attribute: string]: Value }): number {
  let bytes = 0
  for (const [name, value] of Object.entries(item)) bytes += utf8Bytes(name) + sizeOfValue(value)
  return bytes
}

function sizeOfValue(value: Value): number {
  if (typeof value === 'string') return utf8Bytes(value)
  if (typeof value === 'number') {
    // Two digits a byte, and one byte over, and one for the sign.
    const digits = String(Math.abs(value)).replace(/0+$/, '').length
    return Math.ceil(digits / 2) + (value < 0 ? 2 : 1)
  }
  if (typeof value === 'boolean' || value === null) return 1
  if (value instanceof Uint8Array) return value.length
  if (Array.isArray(value)) {
    let bytes = 3
    for (const entry of value) bytes += 1 + sizeOfValue(entry)
    return bytes
  }
  return 3 + sizeOfItem(value) + Object.keys(value).length
}

export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((entry, i) => equalValues(entry, b[i]!))
  }
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => Object.hasOwn(b, name) && equalValues(a[name]!, b[name]!))
}

/** Order of two values of one type that has an order (S, N, B); undefined for any others. */
export function compareValues(a: Value, b: Value): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  return undefined
}

/**
 * Order of two well-formed strings by their UTF-8 bytes, which is the order of code points. UTF-16
 * units differ from it in one thing: surrogates (of code points above U+FFFF) stand below U+E000.
 */
export function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
