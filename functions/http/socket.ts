// What a domain does with sockets of clients, wherever they are held: by API Gateway, or by a server of our own.

export type Connection = {
  connectionId: string
  /** Unix ms */
  openedAt: number
}

export type SocketHandlers = {
  /** A text message of a client. Those of one connection may come at once. */
  message(from: Connection, text: string): Promise<void>
  /** The connection has closed. May be lost. */
  closed(connectionId: string): Promise<void>
}
