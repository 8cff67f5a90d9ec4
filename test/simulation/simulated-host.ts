// What other parts of the simulation see of a zone host (host.ts runs one).
import type { Connection, ConnectionListener } from '#gameserver/net/transport.ts'
import type { StoreRequest } from '#shared/store/faults.ts'
import type { Process } from './process.ts'

export type SimulatedHost = {
  bootId: string
  slot: number
  process: Process
  /** Host-side ends of sockets, with the character that joined on it. */
  sockets: Set<ServerSocket>
  zones: string[]
  /** Why the process ended; undefined while it runs. */
  ended: string | undefined
  /** It has ended its lease by itself. */
  released: boolean
  startedAt: number
  /** When its lease was wrongly marked as ended, or its lease row was lost. */
  declaredDead: number | undefined
  /** The lease as the worker would judge it if it ran now. */
  mayStillSave(): boolean
  /** Latest moment at which it ticked with its lease held, virtual ms. */
  heldAt: number
  /** Something arrives for the tick thread. */
  deliver(run: () => void): void
  /** A socket was opened. On the tick thread. */
  accept(socket: ServerSocket): void
  hint(): void
  hang(thread: 'tick' | 'worker', ms: number): void
  tickStands(): boolean
  /** For how long the tick thread alone has stood still, ms. */
  hungMs(): number
  workerStands(): boolean
  drain(): void
  /** The first request to the store for which `met` is true calls `strike`. */
  arm(met: (request: StoreRequest) => boolean, strike: () => void): void
  end(why: string): void
}

/** One socket as the host has it. */
export type ServerSocket = {
  connection: Connection
  listener: ConnectionListener | undefined
  open: boolean
  /** Who plays on it; undefined before WELCOME. */
  joined: { characterId: string; epoch: number } | undefined
  /** Called when the host closes it. */
  onClosed(reason: string): void
}
