// Answers as Upstash gives them: `{ result }` or `{ error }`, in base64 when asked for.
import type { Reply, Result } from './backend.ts'

export function encodeReply(reply: Result | Result[], encoding: 'plain' | 'base64'): unknown {
  if (encoding === 'plain') return reply
  return Array.isArray(reply) ? reply.map(toBase64) : toBase64(reply)
}

function toBase64(reply: Result): Result {
  return 'error' in reply ? reply : { result: encode(reply.result) }
}

/** Strings alone are encoded. The status OK stays as it is, but not in a list; so Upstash does. */
function encode(reply: Reply): Reply {
  return reply === 'OK' ? reply : encodeAll(reply)
}

function encodeAll(reply: Reply): Reply {
  if (Array.isArray(reply)) return reply.map(encodeAll)
  return typeof reply === 'string' ? Buffer.from(reply).toString('base64') : reply
}
