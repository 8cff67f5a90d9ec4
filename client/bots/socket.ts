// The transport of bots: the `ws` package instead of the browser's WebSocket.
import { WebSocket } from 'ws'
import type { OpenSocket } from '../library/socket.ts'

export const openNodeSocket: OpenSocket = (address, events) => {
  const socket = new WebSocket(address, { perMessageDeflate: false, handshakeTimeout: 10_000 })
  socket.binaryType = 'nodebuffer'
  socket.on('open', () => events.opened())
  socket.on('message', (data, isBinary) => {
    events.received(isBinary && data instanceof Buffer ? new Uint8Array(data) : new Uint8Array(0))
  })
  socket.on('close', (code) => events.closed(code))
  // `close` follows every error and is handled.
  socket.on('error', () => undefined)
  return {
    send(bytes) {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes)
    },
    close: () => socket.close(),
  }
}
