// The sockets of a host that have not joined yet. They are bounded in number and time: a flood of them must
// not keep players out.
import { joinTimeoutMs, unjoinedSocketsMax } from '#shared/limits.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import { openConnection } from '../net/client-connection.ts'
import type { ClientConnection, Door } from '../net/client-connection.ts'
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
  const clients = new Set<ClientConnection>()
  return {
    get count() {
      return clients.size
    },
    accept(connection) {
      const { client, listener } = openConnection(connection, door, monotonic, (changed) => {
        if (changed.state !== 'new' && changed.state !== 'joining') clients.delete(changed)
      })
      clients.add(client)
      return listener
    },
    makeRoom() {
      if (clients.size < unjoinedSocketsMax) return true
      for (const client of clients) {
        if (client.state !== 'new') continue
        client.end('timeout')
        return true
      }
      return false
    },
    sweep(now) {
      for (const client of clients) {
        if (now - client.openedAt > joinTimeoutMs) client.end('timeout')
      }
    },
    endAll(reason) {
      for (const client of clients) client.end(reason)
    },
  }
}
