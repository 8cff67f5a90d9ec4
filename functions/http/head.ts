// The headers of an answer, as a plain record: objects of the platform's `Headers` cost a request more than
// all that is written into them (docs/performance.md). Names are in lower case.
import type { Runtime } from '#shared/runtime.ts'

export type Head = Record<string, string>

/** The API answers data: nothing in an answer may run, load, be framed or be guessed at. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** The headers of every answer. `more`: for pages of other origins. */
export function createHead(requestId: string, more?: Head): Head {
  return { 'x-request-id': requestId, ...securityHeaders, ...more }
}

/**
 * Names requests for logs: UUIDv7 (RFC 9562, 5.7) of time, a counter and 62 bits of chance that are drawn
 * once a process. Such an id is unique; it is not secret, so a request draws no chance of its own.
 */
export function createRequestIds(runtime: Pick<Runtime, 'now' | 'randomBytes'>): () => string {
  const drawn = Buffer.from(runtime.randomBytes(8))
  drawn[0] = 0x80 | (drawn[0]! & 0x3f)
  const hex = drawn.toString('hex')
  const process = `${hex.slice(0, 4)}-${hex.slice(4)}`
  let count = 0
  return () => {
    // 4096 in one millisecond are more than a process can answer.
    count = (count + 1) & 0xfff
    const time = runtime.now().toString(16).padStart(12, '0')
    const counter = (0x7000 | count).toString(16)
    return `${time.slice(0, 8)}-${time.slice(8)}-${counter}-${process}`
  }
}
