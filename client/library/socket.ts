// The transport under a zone connection: a part of what a WebSocket does. Bots bring another
// implementation, tests one without a network.

export type SocketEvents = {
  opened(): void
  received(bytes: Uint8Array): void
  /** Called once, also when the socket never opened. `code` is WebSocket's close code. */
  closed(code: number): void
}

export interface Socket {
  send(bytes: Uint8Array): void
  close(): void
}

/** Opens a socket to an address. Must not call back before it has returned. */
export type OpenSocket = (address: string, events: SocketEvents) => Socket

/** The browser's own WebSocket. */
export const openBrowserSocket: OpenSocket = (address, events) => {
  const socket = new WebSocket(address)
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => events.opened())
  socket.addEventListener('message', (event: MessageEvent<unknown>) => {
    // A text message has no meaning in this protocol: an empty frame is refused as malformed.
    const { data } = event
    events.received(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0))
  })
  socket.addEventListener('close', (event) => events.closed(event.code))
  return {
    send(bytes) {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>)
    },
    close: () => socket.close(),
  }
}

export type TextSocketEvents = {
  opened(): void
  received(text: string): void
  /** Called once, also when the socket never opened. */
  closed(): void
}

/** A socket of texts: the social socket. Must not call back before it has returned. */
export type OpenTextSocket = (
  address: string,
  events: TextSocketEvents,
) => { send(text: string): void; close(): void }

export const openBrowserTextSocket: OpenTextSocket = (address, events) => {
  const socket = new WebSocket(address)
  socket.addEventListener('open', () => events.opened())
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (typeof data === 'string') events.received(data)
  })
  socket.addEventListener('close', () => events.closed())
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: () => socket.close(),
  }
}
