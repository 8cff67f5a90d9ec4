// The WebSocket transport, on `ws`. The library's defaults would let one client buffer 100 MiB here and
// 16,384 fragments; these options hold it to one small frame.
import { createServer, STATUS_CODES } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import {
  clientFrameMaxBytes,
  clientFramesBurst,
  clientFramesPerSecond,
  socketSilentMs,
  zoneConnectionsMax,
} from '#shared/limits.ts'
import { listenOn } from '#shared/net/listen.ts'
import type { OpenPort } from '#shared/net/listen.ts'
import { CLOSE } from '#shared/protocol/close.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import { mayConnect } from './origin.ts'
import { createTokenBucket, spend } from './token-bucket.ts'
import type { Connection, ConnectionListener, Transport, TransportTraffic } from './transport.ts'

/** The one path of zone sockets. */
const zonePath = '/zone'

/** How long a peer may take to answer a close before its socket is cut. */
const closeTimeoutMs = 2000
/** A connection that is no zone socket has this long to send its request, and to take the answer. */
const requestMs = 5000

export type WebSocketOptions = {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Origins whose pages may connect, besides pages of this host's own name; `*` for all. */
  origins?: readonly string[]
  /** Connections at once, those that are no zone socket yet too. */
  connectionsMax?: number
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
  // The zone protocol names no subprotocol. By default `ws` takes the first that a client offers.
  handleProtocols: () => false as const,
  // Not in the type declarations of 8.18 yet.
  closeTimeout: closeTimeoutMs,
}

type Live = { socket: WebSocket; heardAt: number; pinged: boolean }
type Counts = { frames: number; bytes: number }
type Shared = {
  live: Set<Live>
  received: Counts
  sent: Counts
  monotonic: () => number
}

export function createWebSocketTransport(options: WebSocketOptions): Transport {
  const { monotonic } = options
  const counts = (): Counts => ({ frames: 0, bytes: 0 })
  const shared: Shared = { live: new Set(), received: counts(), sent: counts(), monotonic }
  const { live, received, sent } = shared
  const sockets = new WebSocketServer(socketOptions)
  const server = createHttpServer()
  let openPort: OpenPort | undefined
  return {
    async listen(accept) {
      server.on('upgrade', (request, stream, head) => {
        // A socket that breaks before the handshake ends must not end the process.
        stream.on('error', () => stream.destroy())
        const refusal = whyNot(request, options)
        if (refusal !== undefined) return refuse(stream, refusal)
        sockets.handleUpgrade(request, stream, head, (socket) =>
          open(shared, socket, stream, accept),
        )
      })
      const { host, port, connectionsMax = zoneConnectionsMax } = options
      openPort = await listenOn(server, { host, port, connectionsMax })
      return openPort.port
    },
    sweep: () => cutSilent(live, monotonic()),
    traffic: (): TransportTraffic => ({
      sockets: live.size,
      frames: { received: received.frames, sent: sent.frames },
      bytes: { received: received.bytes, sent: sent.bytes },
    }),
    async close() {
      for (const { socket } of live) socket.terminate()
      server.closeAllConnections()
      await openPort?.close()
    },
  }
}

/** Answers all that is no upgrade; bounded in time. */
function createHttpServer(): Server {
  const server = createServer(
    {
      // Slow or oversized requests are cut by Node itself, which looks for them this often, ms.
      connectionsCheckingInterval: 1000,
      // A load balancer may ask by HTTP/1.1 without Host. It gets the same answer as any client.
      requireHostHeader: false,
    },
    (_request, response) => {
      response.writeHead(404, { connection: 'close' }).end()
    },
  )
  server.requestTimeout = requestMs
  server.headersTimeout = requestMs
  // A client that does not read its answer is cut as well. `ws` removes this time-out from its sockets.
  server.timeout = requestMs
  server.keepAliveTimeout = 1000
  return server
}

/** The HTTP status that refuses an upgrade; undefined when it may go on. */
function whyNot(request: IncomingMessage, options: WebSocketOptions): number | undefined {
  const path = (request.url ?? '').split('?', 1)[0]
  if (path !== zonePath) return 404
  const { origin, host } = request.headers
  if (!mayConnect(origin, host, options.origins ?? [])) return 403
  return options.admits() ? undefined : 503
}

/** One zone socket, from its handshake to its end. */
function open(
  shared: Shared,
  socket: WebSocket,
  stream: Duplex,
  accept: (connection: Connection) => ConnectionListener,
): void {
  const { live, received, sent, monotonic } = shared
  const entry: Live = { socket, heardAt: monotonic(), pinged: false }
  live.add(entry)
  // The listener counts messages. This counts the frames that it never gets: pings, which `ws` answers,
  // pongs, and all frames after the close.
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
      sent.frames++
      sent.bytes += data.length
      stream.write(frameMessage(data, stream.writableLength > 0))
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
    received.frames++
    received.bytes += frame.length
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
  // After an error `ws` closes the socket (too large a frame: 1009; broken framing: 1002, 1007).
  socket.on('error', () => {})
  socket.on('close', () => {
    closing = true
    live.delete(entry)
    listener.closed()
  })
}

/** Asks silent sockets for a sign of life, and cuts those that gave none. */
function cutSilent(live: ReadonlySet<Live>, now: number): void {
  for (const entry of live) {
    const silentMs = now - entry.heardAt
    if (silentMs > socketSilentMs) entry.socket.terminate()
    else if (silentMs > socketSilentMs / 2 && !entry.pinged) {
      entry.pinged = true
      entry.socket.ping()
    }
  }
}

/**
 * A message as one unmasked binary frame (RFC 6455, 5.2), header and payload in one buffer. `ws` would
 * send them as two, which costs the kernel's `writev` in place of `write` and more than twice the work
 * before it. Nothing here is compressed or queued in `ws`, so whole frames never mix.
 *
 * A frame that `waits` behind others gets memory of its own. A small frame from the pool would hold a slab of
 * 64 KB for as long as a slow reader leaves it waiting.
 */
function frameMessage(data: Uint8Array, waits: boolean): Buffer {
  const { length } = data
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const size = headBytes + length
  const frame = waits ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size)
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
