// What to do when a connection has ended or an entry was refused: the client's half of the close codes.
import type { ConnectionEnd } from './connection.ts'

/**
 * - `stop`: the player or somebody else decided so; only the player comes back.
 * - `resume`: the place is still held; go on where it was, or enter when that is too late.
 * - `enter`: ask for a new ticket at once.
 * - `later`: ask for a new ticket after a pause.
 */
export type Next = 'stop' | 'resume' | 'enter' | 'later'

const AFTER: Record<ConnectionEnd, Next> = {
  left: 'stop',
  'protocol.version': 'stop',
  // Defects of this client: once may be chance, so it is tried again, and bounded like everything.
  'protocol.malformed': 'later',
  'protocol.unexpected': 'later',
  'protocol.flood': 'later',
  unreadable: 'later',
  timeout: 'resume',
  'ticket.refused': 'enter',
  'resume.refused': 'enter',
  replaced: 'stop',
  'instance.full': 'enter',
  'host.unavailable': 'later',
  'host.shutdown': 'enter',
  redirected: 'enter',
  kicked: 'stop',
  fenced: 'enter',
  internal: 'later',
  socket: 'resume',
  silent: 'resume',
}

/** Whether a code says why a connection ended; others are refusals of `enter`. */
export function isEnd(why: string): why is ConnectionEnd {
  return Object.hasOwn(AFTER, why)
}

export function afterClose(why: ConnectionEnd): Next {
  return AFTER[why]
}

/**
 * Whether the place is no longer held after this end. A host that cannot admit now still holds it, and a
 * lost socket is what resuming is for.
 */
export function voidsResume(why: string): boolean {
  return isEnd(why) && !HOLDS.has(why)
}

const HOLDS = new Set<string>(['socket', 'silent', 'timeout', 'host.unavailable'])

/** Refusals of `enter` that pass by themselves. All others need the player or another client. */
const PASSING = new Set([
  'network',
  'unexpected',
  'world.full',
  'world.busy',
  'play.session_active',
  'request.rate_limited',
  'store.unavailable',
  'internal.error',
  'content.not_found',
])

/** Whether to ask again after a refusal of `enter` with this code. */
export function passes(code: string): boolean {
  return PASSING.has(code)
}
