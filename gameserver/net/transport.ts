// The transport under a zone host: ordered, framed, binary. It is WebSocket today.
import type { CloseReason } from '#shared/protocol/close.ts'

/** One client's socket. Nothing here throws: a frame sent to a closed socket is lost. */
export interface Connection {
  /** Takes a copy: the bytes may be used anew at once. */
  send(bytes: Uint8Array): void
  /** Says why and closes; nothing that comes in afterwards is delivered. */
  close(reason: CloseReason): void
  /** Bytes that wait to be sent. */
  readonly backlogBytes: number
  readonly open: boolean
}

/** The reports of a connection. `closed` comes once and last, from either end. */
export type ConnectionListener = {
  frame(bytes: Uint8Array): void
  closed(): void
}

export type TransportTraffic = {
  sockets: number
  frames: { received: number; sent: number }
  bytes: { received: number; sent: number }
}

export interface Transport {
  /** Begins to listen. Returns the port. Rejects when the port cannot be had. */
  listen(accept: (connection: Connection) => ConnectionListener): Promise<number>
  /** Asks silent sockets for a sign of life and ends dead ones. Call about once a second. */
  sweep(): void
  traffic(): TransportTraffic
  /** Closes the port and cuts every socket that is still open. */
  close(): Promise<void>
}
