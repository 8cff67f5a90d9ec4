// The sockets of a host that have not joined yet. They are bounded in number and time: a flood of them must
// not keep players out.
import { joinTimeoutMs, unjoinedSocketsMax } from '#shared/limits.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import { openSession } from '../net/session.ts'
import type { Door, Session } from '../net/session.ts'
import type { Connection, ConnectionListener } from '../net/transport.ts'

export type Unjoined = {
  readonly count: number
  /** Takes in a new socket. */
  accept(connection: Connection): ConnectionListener
  /** Whether one more may be opened. The oldest socket that has not said anything gives way to it. */
  makeRoom(): boolean
  /** Ends those that take too long. `now`: monotonic ms. */
  sweep(now: number): void
  endAll(reason: CloseReason): void
}

export function createUnjoined(door: Door, monotonic: () => number): Unjoined {
  const sessions = new Set<Session>()
  return {
    get count() {
      return sessions.size
    },
    accept(connection) {
      const { session, listener } = openSession(connection, door, monotonic, (changed) => {
        if (changed.state !== 'new' && changed.state !== 'joining') sessions.delete(changed)
      })
      sessions.add(session)
      return listener
    },
    makeRoom() {
      if (sessions.size < unjoinedSocketsMax) return true
      for (const session of sessions) {
        if (session.state !== 'new') continue
        session.end('timeout')
        return true
      }
      return false
    },
    sweep(now) {
      for (const session of sessions) {
        if (now - session.openedAt > joinTimeoutMs) session.end('timeout')
      }
    },
    endAll(reason) {
      for (const session of sessions) session.end(reason)
    },
  }
}
