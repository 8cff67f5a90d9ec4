// Answers of handlers as responses. Most are about one player and stored nowhere; an endpoint that
// declares `cache` answers the same for everybody, with an ETag that saves sending it again.
import { createHash } from 'node:crypto'
import type { Endpoint } from '#shared/api/endpoint.ts'
import type { Head } from './head.ts'

// Content answers are objects that live as long as the process: each is written and hashed once.
const written = new WeakMap<object, { text: string; etag: string }>()

export function answerResponse(
  endpoint: Endpoint,
  answer: unknown,
  request: Request,
  headers: Head,
): Response {
  if (endpoint.cache === undefined) {
    headers['content-type'] = 'application/json'
    headers['cache-control'] = 'no-store'
    return new Response(JSON.stringify(answer), { status: statusOf(endpoint, answer), headers })
  }
  const { text, etag } = writtenOf(answer)
  headers['etag'] = etag
  headers['cache-control'] = `public, max-age=${endpoint.cache.maxAgeS}`
  if (matches(request.headers.get('if-none-match'), etag)) {
    return new Response(null, { status: 304, headers })
  }
  headers['content-type'] = 'application/json'
  return new Response(text, { status: endpoint.status ?? 200, headers })
}

function statusOf({ status = 200, reportsHealth }: Endpoint, answer: unknown): number {
  if (reportsHealth === undefined || (answer as { ok: boolean }).ok) return status
  return 503
}

/** A strong ETag: hash over the JSON text that is sent. */
function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`
}

function writtenOf(answer: unknown): { text: string; etag: string } {
  if (typeof answer !== 'object' || answer === null) {
    const text = JSON.stringify(answer)
    return { text, etag: etagOf(text) }
  }
  const there = written.get(answer)
  if (there !== undefined) return there
  const text = JSON.stringify(answer)
  const made = { text, etag: etagOf(text) }
  written.set(answer, made)
  return made
}

/** If-None-Match (RFC 9110, 13.1.2): a list of tags, compared weakly, or `*`. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return false
  if (header.trim() === '*') return true
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
