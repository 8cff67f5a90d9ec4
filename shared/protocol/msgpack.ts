// Reads one msgpack value of a control message, and only types that a control message may hold: nil,
// booleans, numbers, text, bytes, lists, and maps with text as keys. It refuses bytes that two readers could
// understand differently: ill-formed UTF-8, a key that comes twice, bytes behind the value. It also refuses
// extensions, with which libraries define types and records of their own, and integers that a number does
// not hold exactly.
import { Reader } from './bytes.ts'

/** No message nests so deep, and no stack overflows at this depth. */
const depthMax = 32

/** A value that is refused, or that is cut off. */
class Malformed extends Error {}

/** Throws when the bytes are not one value. */
export function readMsgpack(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  const value = readValue(reader, 0)
  if (!reader.done()) throw new Malformed('bytes are missing, or follow the value')
  return value
}

function readValue(r: Reader, depth: number): unknown {
  if (depth > depthMax) throw new Malformed('too deep')
  const first = r.u8()
  if (r.failed) throw new Malformed('cut off')
  if (first < 0x80) return first
  if (first < 0x90) return readMap(r, first & 0x0f, depth)
  if (first < 0xa0) return readList(r, first & 0x0f, depth)
  if (first < 0xc0) return readText(r, first & 0x1f)
  if (first >= 0xe0) return first - 0x100
  switch (first) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xc4:
      return r.raw(bigEndian(r, 1))
    case 0xc5:
      return r.raw(bigEndian(r, 2))
    case 0xc6:
      return r.raw(bigEndian(r, 4))
    case 0xca:
      return floatOf(r.raw(4))
    case 0xcb:
      return floatOf(r.raw(8))
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return exact(bigEndian(r, 1 << (first - 0xcc)))
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return signed(r, 1 << (first - 0xd0))
    case 0xd9:
      return readText(r, bigEndian(r, 1))
    case 0xda:
      return readText(r, bigEndian(r, 2))
    case 0xdb:
      return readText(r, bigEndian(r, 4))
    case 0xdc:
      return readList(r, bigEndian(r, 2), depth)
    case 0xdd:
      return readList(r, bigEndian(r, 4), depth)
    case 0xde:
      return readMap(r, bigEndian(r, 2), depth)
    case 0xdf:
      return readMap(r, bigEndian(r, 4), depth)
    default:
      throw new Malformed('an extension')
  }
}

function readList(r: Reader, count: number, depth: number): unknown[] {
  const list: unknown[] = []
  for (let i = 0; i < count; i++) list.push(readValue(r, depth + 1))
  return list
}

function readMap(r: Reader, count: number, depth: number): Record<string, unknown> {
  const map: Record<string, unknown> = {}
  for (let i = 0; i < count; i++) {
    const key = readValue(r, depth + 1)
    if (typeof key !== 'string') throw new Malformed('a key that is no text')
    if (key === '__proto__') throw new Malformed('a key that names no field')
    if (Object.hasOwn(map, key)) throw new Malformed('a key that comes twice')
    map[key] = readValue(r, depth + 1)
  }
  return map
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readText(r: Reader, length: number): string {
  const bytes = r.raw(length)
  if (r.failed) throw new Malformed('cut off')
  return decoder.decode(bytes)
}

function bigEndian(r: Reader, size: number): number {
  let value = 0
  for (let i = 0; i < size; i++) value = value * 256 + r.u8()
  return value
}

/** Two's complement. */
function signed(r: Reader, size: number): number {
  const high = r.u8()
  let value = high < 0x80 ? high : high - 0x100
  for (let i = 1; i < size; i++) value = value * 256 + r.u8()
  return exact(value)
}

function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Malformed('an integer that a number does not hold')
  return value
}

function floatOf(bytes: Uint8Array): number {
  if (bytes.length === 0) throw new Malformed('cut off')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return bytes.length === 4 ? view.getFloat32(0) : view.getFloat64(0)
}
