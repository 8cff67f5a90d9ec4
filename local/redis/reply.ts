// Answers as Upstash gives them: `{ result }` or `{ error }`, in base64 when asked for.
import type { Reply, Result } from './backend.ts'

export function encodeReply(reply: Result | Result[], encoding: 'plain' | 'base64'): unknown {
  if (encoding === 'plain') return reply
  return Array.isArray(reply) ? reply.map(toBase64) : toBase64(reply)
}

function toBase64(reply: Result): Result {
  return 'error' in reply ? reply : { result: encode(reply.result) }
}

/** Strings alone are encoded, and the status OK stays as it is; so Upstash does. */
function encode(reply: Reply): Reply {
  if (Array.isArray(reply)) return reply.map(encode)
  if (typeof reply !== 'string' || reply === 'OK') return reply
  return Buffer.from(reply).toString('base64')
}
