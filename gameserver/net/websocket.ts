// The WebSocket transport, on `ws`. The library's defaults would let one client buffer 100 MiB here and
// 16,384 fragments; these options hold it to one small frame.
import { createServer, STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import {
  clientFrameMaxBytes,
  clientFramesBurst,
  clientFramesPerSecond,
  socketSilentMs,
} from '#shared/limits.ts'
import { CLOSE } from '#shared/protocol/close.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import { createTokenBucket, spend } from './token-bucket.ts'
import type { Connection, ConnectionListener, Transport, TransportTraffic } from './transport.ts'

/** The one path of zone sockets. */
const zonePath = '/zone'

/** How long a peer may take to answer a close before its socket is cut. */
const closeTimeoutMs = 2000

export type WebSocketOptions = {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Whether one more socket may be opened now. */
  admits: () => boolean
  monotonic: () => number
}

const socketOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: clientFrameMaxBytes,
  maxFragments: 4,
  maxBufferedChunks: 256,
  // Not in the type declarations of 8.18 yet.
  closeTimeout: closeTimeoutMs,
}

type Live = { socket: WebSocket; heardAt: number; pinged: boolean }

export function createWebSocketTransport(options: WebSocketOptions): Transport {
  const { monotonic } = options
  const live = new Set<Live>()
  const frames = { received: 0, sent: 0 }
  const bytes = { received: 0, sent: 0 }
  const sockets = new WebSocketServer(socketOptions)
  // Slow or oversized requests before the upgrade are cut by Node itself, which looks for them each half
  // a minute unless told otherwise.
  const server = createServer({ connectionsCheckingInterval: 1000 }, (_request, response) => {
    response.writeHead(404).end()
  })
  server.requestTimeout = 5000
  server.headersTimeout = 5000
  server.keepAliveTimeout = 1000

  const upgrade = (
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    accept: (connection: Connection) => ConnectionListener,
  ) => {
    // A socket that breaks before the handshake ends must not bring the process down.
    stream.on('error', () => stream.destroy())
    const path = (request.url ?? '').split('?', 1)[0]
    // Pages of every origin may come: what lets a player in is the ticket, which no browser sends by itself.
    if (path !== zonePath) return refuse(stream, 404)
    if (!options.admits()) return refuse(stream, 503)
    sockets.handleUpgrade(request, stream, head, (socket) => open(socket, stream, accept))
  }

  const open = (
    socket: WebSocket,
    stream: Duplex,
    accept: (connection: Connection) => ConnectionListener,
  ) => {
    const entry: Live = { socket, heardAt: monotonic(), pinged: false }
    live.add(entry)
    // Messages are counted by who listens; here counts what never gets there: pings, which `ws` answers,
    // pongs, and whatever comes after the close.
    const signs = createTokenBucket(clientFramesBurst, clientFramesPerSecond, monotonic())
    const late = createTokenBucket(clientFramesBurst, clientFramesPerSecond, monotonic())
    let closing = false
    const close = (reason: CloseReason) => {
      if (closing) return
      closing = true
      socket.close(CLOSE[reason], reason)
    }
    const listener = accept({
      send(data) {
        if (closing || socket.readyState !== socket.OPEN) return
        frames.sent++
        bytes.sent += data.length
        stream.write(frameMessage(data))
      },
      close,
      get backlogBytes() {
        // All that is written here and by `ws` goes straight to the stream.
        return stream.writableLength
      },
      get open() {
        return !closing && socket.readyState === socket.OPEN
      },
    })
    const heard = () => {
      entry.heardAt = monotonic()
      entry.pinged = false
    }
    socket.on('message', (data: RawData, binary: boolean) => {
      heard()
      if (closing) {
        if (!spend(late, 1, monotonic())) socket.terminate()
        return
      }
      // `ws` delivers one Buffer with its default binaryType.
      const frame = data as Buffer
      frames.received++
      bytes.received += frame.length
      if (binary) listener.frame(frame)
      else close('protocol.malformed')
    })
    const sign = () => {
      heard()
      if (spend(closing ? late : signs, 1, monotonic())) return
      if (closing) socket.terminate()
      else close('protocol.flood')
    }
    socket.on('ping', sign)
    socket.on('pong', sign)
    // `ws` closes by itself after an error (too large a frame: 1009; broken framing: 1002, 1007).
    socket.on('error', () => {})
    socket.on('close', () => {
      closing = true
      live.delete(entry)
      listener.closed()
    })
  }

  return {
    listen: (accept) =>
      new Promise((resolve, reject) => {
        server.on('upgrade', (request, stream, head) => upgrade(request, stream, head, accept))
        server.once('error', reject)
        server.listen(options.port, options.host, () => {
          server.removeListener('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    sweep() {
      const now = monotonic()
      for (const entry of live) {
        const silentMs = now - entry.heardAt
        if (silentMs > socketSilentMs) entry.socket.terminate()
        else if (silentMs > socketSilentMs / 2 && !entry.pinged) {
          entry.pinged = true
          entry.socket.ping()
        }
      }
    },
    traffic: (): TransportTraffic => ({
      sockets: live.size,
      frames: { ...frames },
      bytes: { ...bytes },
    }),
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of live) socket.terminate()
        server.closeAllConnections()
        if (server.listening) server.close(() => resolve())
        else resolve()
      }),
  }
}

/**
 * A message as one unmasked binary frame (RFC 6455, 5.2), header and payload in one buffer. `ws` would
 * send them as two, which costs the kernel's `writev` in place of `write` and more than twice the work
 * before it. Nothing here is compressed or queued in `ws`, so whole frames never mix.
 */
function frameMessage(data: Uint8Array): Buffer {
  const { length } = data
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headBytes + length)
  frame[0] = 0x82
  if (headBytes === 2) {
    frame[1] = length
  } else if (headBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
  frame.set(data, headBytes)
  return frame
}

function refuse(stream: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  stream.end(head, () => stream.destroy())
}
