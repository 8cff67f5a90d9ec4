// Little-endian reading and writing, checked. A reader never throws: past the end it yields zeros and
// remembers that it failed, so a decoder checks once at its end.

export class Reader {
  readonly bytes: Uint8Array
  at: number
  end: number
  failed = false

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
    this.end = bytes.length
  }

  private take(count: number): number {
    const at = this.at
    if (this.failed || at + count > this.end) {
      this.failed = true
      return -1
    }
    this.at = at + count
    return at
  }

  u8(): number {
    const at = this.take(1)
    return at < 0 ? 0 : this.bytes[at]!
  }
  u16(): number {
    const at = this.take(2)
    return at < 0 ? 0 : this.bytes[at]! | (this.bytes[at + 1]! << 8)
  }
  u24(): number {
    const at = this.take(3)
    return at < 0 ? 0 : this.bytes[at]! | (this.bytes[at + 1]! << 8) | (this.bytes[at + 2]! << 16)
  }
  i32(): number {
    const at = this.take(4)
    const b = this.bytes
    return at < 0 ? 0 : b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)
  }
  u32(): number {
    return this.i32() >>> 0
  }
  /** A copy of `count` bytes. */
  raw(count: number): Uint8Array {
    const at = this.take(count)
    // Not slice: that of Node's Buffer is a view.
    return at < 0 ? new Uint8Array(0) : new Uint8Array(this.bytes.subarray(at, at + count))
  }
  /** UTF-8 text behind its length in one byte. Ill-formed UTF-8 fails, and so do more than `most` bytes. */
  text8(most = textMaxBytes): string {
    const length = this.u8()
    if (length > most) this.failed = true
    return this.text(length)
  }
  /** UTF-8 text behind its length in two bytes. */
  text16(): string {
    return this.text(this.u16())
  }
  private text(length: number): string {
    const at = this.take(length)
    if (at < 0) return ''
    try {
      return decoder.decode(this.bytes.subarray(at, at + length))
    } catch {
      this.failed = true
      return ''
    }
  }
  /** Whether everything was read, neither too little nor too much. */
  done(): boolean {
    return !this.failed && this.at === this.end
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** What `text8` takes. */
const textMaxBytes = 255

/** Grows as it is written; `take` yields a copy-free view and starts a new buffer. */
export class Writer {
  private buffer: Uint8Array
  at = 0

  constructor(size = 256) {
    this.buffer = new Uint8Array(size)
  }

  /** Makes room for `count` more bytes and returns the buffer to write into, from `at` on. */
  room(count: number): Uint8Array {
    if (this.at + count > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.at + count))
      larger.set(this.buffer)
      this.buffer = larger
    }
    return this.buffer
  }
  u8(value: number): this {
    this.room(1)[this.at++] = value
    return this
  }
  u16(value: number): this {
    const b = this.room(2)
    b[this.at++] = value
    b[this.at++] = value >>> 8
    return this
  }
  u24(value: number): this {
    const b = this.room(3)
    b[this.at++] = value
    b[this.at++] = value >>> 8
    b[this.at++] = value >>> 16
    return this
  }
  u32(value: number): this {
    const b = this.room(4)
    b[this.at++] = value
    b[this.at++] = value >>> 8
    b[this.at++] = value >>> 16
    b[this.at++] = value >>> 24
    return this
  }
  raw(bytes: Uint8Array): this {
    this.room(bytes.length).set(bytes, this.at)
    this.at += bytes.length
    return this
  }
  /** What another writer holds from `begin` to `end`, without a view of it in between. */
  append(other: Writer, begin = 0, end = other.at): this {
    const count = end - begin
    const from = other.buffer
    const to = this.room(count)
    // A view and a call cost more than some dozens of bytes moved by hand.
    if (count > 64) to.set(from.subarray(begin, end), this.at)
    else for (let i = begin, at = this.at; i < end; i++) to[at++] = from[i]!
    this.at += count
    return this
  }
  /** Writes a u16 over what stands at `at`. */
  patchU16(at: number, value: number): this {
    this.buffer[at] = value
    this.buffer[at + 1] = value >>> 8
    return this
  }
  text8(text: string): this {
    const bytes = encoder.encode(text)
    if (bytes.length > textMaxBytes) {
      throw new RangeError(`text of ${bytes.length} bytes, at most ${textMaxBytes} fit`)
    }
    return this.u8(bytes.length).raw(bytes)
  }
  text16(text: string): this {
    const bytes = encoder.encode(text)
    if (bytes.length > 65_535) throw new RangeError(`text of ${bytes.length} bytes is too long`)
    return this.u16(bytes.length).raw(bytes)
  }
  /** What was written since the last reset, as a view that the next write may overwrite. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.at)
  }
  /** A copy of what was written, safe to keep. */
  copy(): Uint8Array {
    return this.buffer.slice(0, this.at)
  }
  reset(): this {
    this.at = 0
    return this
  }
}
