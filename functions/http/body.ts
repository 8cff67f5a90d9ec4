// Reads a JSON body with a bound, and says what is wrong with input without repeating any of it.
import type * as z from 'zod'
import { bodyMaxBytes } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'

/** The parsed body. Throws request.media_type, request.too_large or request.malformed. */
export async function readJson(
  request: Request,
  from?: { mediaType: string; maxBytes: number },
): Promise<unknown> {
  const type = request.headers.get('content-type')
  if (!isJson(type) && (from === undefined || !isText(type, from.mediaType))) {
    throw new Problem('request.media_type')
  }
  const bytes = await readBounded(request, from?.maxBytes ?? bodyMaxBytes)
  let body: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    body = JSON.parse(text)
    // An escape can write a lone surrogate, which UTF-8 cannot. Neither keys nor hashes can hold it.
    if (!text.includes('\\u') || isUnicode(body)) return body
  } catch (cause) {
    throw new Problem('request.malformed', { detail: 'The body is not JSON in UTF-8.', cause })
  }
  throw new Problem('request.malformed', { detail: 'The body has text that is not Unicode.' })
}

/** Whether every string is well-formed: JSON writes half a surrogate pair, and only that, as an escape. */
function isUnicode(body: unknown): boolean {
  return !/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(JSON.stringify(body))
}

/** `application/json`, with UTF-8 as the only charset (RFC 8259, 8.1). */
function isJson(contentType: string | null): boolean {
  return isText(contentType, 'application/json')
}

function isText(contentType: string | null, mediaType: string): boolean {
  const [type = '', charset, ...more] = (contentType ?? '').toLowerCase().split(';')
  if (type.trimEnd() !== mediaType || more.length > 0) return false
  return charset === undefined || /^\s*charset="?utf-8"?\s*$/.test(charset)
}

async function readBounded(request: Request, maxBytes: number): Promise<Uint8Array> {
  // A body that announces too large a length is refused unread.
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) {
    throw new Problem('request.too_large')
  }
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let total = 0
  const reader = request.body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return Buffer.concat(chunks, total)
      total += value.length
      if (total > maxBytes) throw new Problem('request.too_large')
      chunks.push(value)
    }
  } catch (cause) {
    if (cause instanceof Problem) {
      await reader.cancel().catch(() => undefined)
      throw cause
    }
    throw new Problem('request.malformed', { detail: 'The body broke off.', cause })
  }
}

/** The input as its schema has it. Throws request.invalid with the paths of the wrong fields. */
export function parseInput<S extends z.ZodType>(
  schema: S,
  where: 'params' | 'query' | 'body',
  input: unknown,
): z.output<S> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  // A hostile body may be wrong in thousands of places; ten are enough to find the fault.
  const fields = parsed.error.issues.slice(0, 10).map((issue) => ({
    path: [where, ...issue.path.map(String)].join('.'),
    reason: reasonOf(issue, isAbsent(input, issue.path)),
  }))
  throw new Problem('request.invalid', { fields })
}

/** In our own words: zod's messages may name what was received. */
function reasonOf(issue: z.core.$ZodIssue, absent: boolean): string {
  if (absent) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `must be of type ${issue.expected}`
    case 'too_small':
      return `is too small; at least ${issue.minimum}`
    case 'too_big':
      return `is too large; at most ${issue.maximum}`
    case 'invalid_format':
      return 'has the wrong form'
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      break
  }
  return 'is not allowed'
}

function isAbsent(input: unknown, path: PropertyKey[]): boolean {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return false
    value = Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined
  }
  return value === undefined
}
