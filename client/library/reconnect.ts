// What the client does after the end of a connection or a refused `enter`: what each close code means to it,
// and how often, how soon and in which way it tries again.
import { resumeMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createBackoff } from '#shared/backoff.ts'
import type { ConnectionEnd } from './connection.ts'

/**
 * - `stop`: a person has decided so. Only the player himself can come back.
 * - `resume`: the host still holds the stay: resume it, or enter when it is too late.
 * - `enter`: ask for a new ticket at once.
 * - `later`: ask for a new ticket after a pause.
 */
type Next = 'stop' | 'resume' | 'enter' | 'later'

const AFTER: Record<ConnectionEnd, Next> = {
  left: 'stop',
  'protocol.version': 'stop',
  // Defects of this client. One may be chance, so it tries again, as often as after other failures.
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
  // `enter` says whether the realm is closed: what the host knows may be some seconds old.
  maintenance: 'later',
  internal: 'later',
  socket: 'resume',
  silent: 'resume',
}

/** Whether a code says why a connection ended; others are refusals of `enter`. */
function isEnd(why: string): why is ConnectionEnd {
  return Object.hasOwn(AFTER, why)
}

function afterClose(why: ConnectionEnd): Next {
  return AFTER[why]
}

/**
 * Whether the host no longer holds the stay after this end. A host that cannot admit now still holds it, and
 * so does one whose socket was lost.
 */
function voidsResume(why: string): boolean {
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
  'instance.unknown',
])

/** Whether to ask again after a refusal of `enter` with this code. */
function passes(code: string): boolean {
  return PASSING.has(code)
}

/** A connection of this age is sound: the next wait is the shortest again, ms. */
const soundMs = 5000
const defaultReconnectForMs = 5 * 60_000
/** The client asks for a new ticket after so many failed resumes in a row. A silent host gets one try. */
const resumeTriesMax = 2

export type Way = 'resume' | 'enter'

/** How one try ended: a connection's end, `redirected`, or the code with which `enter` failed. */
export type Attempt = { way: Way; why: string; joined: boolean; retryAfterS?: number }

export type Again = {
  way: Way
  /** Whether the resume ticket is still good. */
  mayResume: boolean
  /** Tries that failed in a row. */
  failures: number
  /** Undefined: at once. */
  waitMs: number | undefined
}

export type Reconnect = {
  /** The world was entered. */
  joined(now: number): void
  /** The server answers: the player is in the login queue. */
  waits(now: number): void
  /** The next step after a try, or the reason to stop. */
  after(attempt: Attempt, now: number, hasTicket: boolean): Again | { over: string }
}

export function createReconnect(
  runtime: Pick<Runtime, 'randomBytes'>,
  startedAt: number,
  reconnectForMs = defaultReconnectForMs,
): Reconnect {
  const backoff = createBackoff(runtime, { baseMs: 500, maxMs: 10_000 })
  let failures = 0
  let resumeTries = 0
  let joinedAt = startedAt
  /** When the socket was lost. The host holds the stay for `resumeMs` from then on. */
  let lostAt = startedAt

  return {
    joined(now) {
      joinedAt = now
    },
    waits(now) {
      lostAt = now
    },
    after(attempt, now, hasTicket) {
      const { why, joined, retryAfterS } = attempt
      const next = isEnd(why) ? afterClose(why) : passes(why) ? 'later' : 'stop'
      if (next === 'stop') return { over: why }

      const sound = joined && now - joinedAt >= soundMs
      if (joined) {
        lostAt = now
        resumeTries = 0
      } else if (attempt.way === 'resume') resumeTries += why === 'silent' ? resumeTriesMax : 1
      // After a first `enter` only `enter` follows: it takes the character from any host that has it.
      else resumeTries = resumeTriesMax
      if (sound || why === 'redirected') {
        failures = 0
        backoff.reset()
      }
      if (now - lostAt > reconnectForMs) return { over: 'unreachable' }
      const mayResume = hasTicket && !voidsResume(why)
      const held = mayResume && now - lostAt < resumeMs
      const way = held && resumeTries < resumeTriesMax ? 'resume' : 'enter'
      if (why === 'redirected') return { way, mayResume, failures, waitMs: undefined }

      failures++
      // The first try after a sound connection comes at once. So does `enter` after a silent host, for which
      // the client has waited already. Every other try waits.
      const waited = attempt.way === 'resume' && way === 'enter' && why === 'silent'
      if ((sound && next !== 'later') || waited) {
        return { way, mayResume, failures, waitMs: undefined }
      }
      // A silent host is judged by tries in close order. The server says after which time the next is due.
      const waitMs =
        why === 'play.session_active' && retryAfterS !== undefined
          ? retryAfterS * 1000
          : backoff.next(retryAfterS)
      return { way, mayResume, failures, waitMs }
    },
  }
}
