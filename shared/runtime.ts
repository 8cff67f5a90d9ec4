// Clock, chance and waiting are passed in (rule 7). The real ones are made in shared/system.ts
// by the roots alone; tests and simulations pass their own.

export type Runtime = {
  /** Milliseconds since 1970, wall clock. */
  now: () => number
  /** Cryptographically strong bytes (in simulations: seeded ones). */
  randomBytes: (count: number) => Uint8Array
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random. */
export function newId(runtime: Pick<Runtime, 'now' | 'randomBytes'>): string {
  const bytes = runtime.randomBytes(16)
  let ms = runtime.now()
  for (let i = 5; i >= 0; i--) {
    bytes[i] = ms % 256
    ms = Math.floor(ms / 256)
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return formatUuid(bytes)
}

/** Text form of 16 bytes. */
export function formatUuid(bytes: Uint8Array): string {
  let hex = ''
  for (let i = 0; i < 16; i++) hex += bytes[i]!.toString(16).padStart(2, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Whether it is the text form of a UUID of any version, in lower case. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

/** The birth time in a UUIDv7, in Unix milliseconds; undefined when the text is no UUIDv7. */
export function birthOfId(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)) {
    return undefined
  }
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
