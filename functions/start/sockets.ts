// Social sockets on a server of our own: what API Gateway does in the cloud. It holds the connections, hands their
// messages to the domain, and serves the same management calls (shared/push/sockets.ts), for those who know the secret.
// Every bound of a connection is held here, for a domain keeps nothing between two messages.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import {
  socialBacklogMaxBytes,
  socialConnectionsMax,
  socialFrameMaxBytes,
  socialFramesPerSecond,
  socialHelloMs,
  socialKeptMs,
  socialLastsMs,
  socialUnknownMax,
} from '#shared/limits.ts'
import { socialPath } from '#shared/protocol/social-socket.ts'
import type { SocialClose } from '#shared/protocol/social-socket.ts'
import { connectionIdAt } from '#shared/push/sockets.ts'
import { formatUuid } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { SocketHandlers } from '../http/socket.ts'

export type SocketServer = {
  /** Whether a request is one of the management calls; then it is answered. */
  manages(request: IncomingMessage, response: ServerResponse): boolean
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void
  /** Closes all. Resolves when the domain knows. */
  close(): Promise<void>
}

export type SocketServerOptions = {
  handlers: SocketHandlers
  secret: string
  /** Its own base URL, as the other processes reach it. */
  own: string
  runtime: Runtime
  log: Log
}

const sweepEveryMs = 1000
const managePath = `${socialPath}/@connections/`

type Open = {
  connectionId: string
  socket: WebSocket
  openedAt: number
  heardAt: number
  /** It has sent something: its first frame says whose it is, or ends it. */
  spoke: boolean
  /** Frames since the last sweep. */
  frames: number
  /** The end of what the domain does with its messages. */
  work: Promise<void>
}

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { handlers, secret, runtime, log } = options
  const open = new Map<string, Open>()
  const leaving = new Set<Promise<void>>()
  const stopped = new AbortController()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: socialFrameMaxBytes,
    maxFragments: 4,
    maxBufferedChunks: 64,
    handleProtocols: () => false as const,
  })

  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      log.error('a social socket failed', { error })
    }
  }

  function turnOut({ socket }: Open, reason: SocialClose): void {
    send(socket, JSON.stringify({ kind: 'closed', reason }))
    socket.close(1000, reason)
  }

  function accept(socket: WebSocket): void {
    const now = runtime.now()
    const connectionId = connectionIdAt(
      `${options.own}${socialPath}`,
      formatUuid(runtime.randomBytes(16)),
    )
    const one: Open = {
      connectionId,
      socket,
      openedAt: now,
      heardAt: now,
      spoke: false,
      frames: 0,
      work: Promise.resolve(),
    }
    open.set(connectionId, one)
    const counts = () => {
      one.heardAt = runtime.now()
      one.frames += 1
      if (one.frames <= socialFramesPerSecond) return true
      if (socket.readyState === socket.OPEN) turnOut(one, 'protocol.flood')
      return false
    }
    socket.on('message', (data: RawData, binary: boolean) => {
      if (socket.readyState !== socket.OPEN || !counts()) return
      one.spoke = true
      if (binary) return turnOut(one, 'protocol.malformed')
      // `ws` delivers one Buffer with its default binaryType.
      const text = (data as Buffer).toString()
      const { openedAt } = one
      // One after the other: no more of them wait than one second lets in. Those of a socket that is closed meanwhile
      // are dropped; else who comes and goes leaves more behind than is ever done.
      one.work = one.work.then(async () => {
        if (socket.readyState !== socket.OPEN) return
        await guarded(async () => await handlers.message({ connectionId, openedAt }, text))
      })
    })
    socket.on('ping', counts)
    socket.on('pong', counts)
    // After an error `ws` closes the socket.
    socket.on('error', () => {})
    socket.on('close', () => {
      open.delete(connectionId)
      // The domain knows nothing of it.
      if (!one.spoke) return
      const left = one.work
        .then(() => guarded(async () => await handlers.closed(connectionId)))
        .finally(() => leaving.delete(left))
      leaving.add(left)
    })
  }

  function sweep(): void {
    const now = runtime.now()
    for (const one of open.values()) {
      one.frames = 0
      if (!one.spoke && now - one.openedAt > socialHelloMs) turnOut(one, 'timeout')
      else if (now - one.openedAt > socialLastsMs) one.socket.close(1000)
      // It gives no sign of life: it is not seen any more either.
      if (now - one.heardAt > socialKeptMs) one.socket.terminate()
    }
  }

  async function sweepOn(): Promise<void> {
    for (;;) {
      await runtime.sleep(sweepEveryMs, stopped.signal)
      sweep()
    }
  }
  // The abort alone ends it.
  void sweepOn().catch(() => undefined)

  async function manage(request: IncomingMessage): Promise<number> {
    if (!knows(request.headers.authorization, secret)) return 403
    const one = open.get(decodeURIComponent((request.url ?? '').slice(managePath.length)))
    if (one === undefined || one.socket.readyState !== one.socket.OPEN) return 410
    if (request.method === 'DELETE') {
      one.socket.close(1000)
      return 204
    }
    if (request.method !== 'POST') return 405
    const text = await readText(request)
    if (send(one.socket, text)) return 200
    // It does not read. It finds what it missed by cursor, when it is back.
    one.socket.terminate()
    return 410
  }

  return {
    manages(request, response) {
      if (request.url?.startsWith(managePath) !== true) return false
      manage(request).then(
        (status) => response.writeHead(status).end(),
        () => response.writeHead(400).end(),
      )
      return true
    },
    upgrade(request, stream, head) {
      stream.on('error', () => stream.destroy())
      const refused = whyNot(request, open, leaving.size)
      if (refused === undefined) return server.handleUpgrade(request, stream, head, accept)
      const answer = `HTTP/1.1 ${refused}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
      stream.end(answer, () => stream.destroy())
    },
    async close() {
      stopped.abort()
      for (const { socket } of open.values()) {
        socket.close(1001)
        socket.terminate()
      }
      while (open.size > 0 || leaving.size > 0) {
        await Promise.all(leaving)
        await runtime.sleep(1)
      }
    },
  }
}

/** False for a socket that does not read. */
function send(socket: WebSocket, text: string): boolean {
  if (socket.bufferedAmount > socialBacklogMaxBytes) return false
  socket.send(text)
  return true
}

/** `leaving`: sockets that have closed, and of which the domain does not know yet. */
function whyNot(
  request: IncomingMessage,
  open: ReadonlyMap<string, Open>,
  leaving: number,
): string | undefined {
  if ((request.url ?? '').split('?', 1)[0] !== socialPath) return '404 Not Found'
  let unknown = 0
  for (const { spoke } of open.values()) if (!spoke) unknown += 1
  const full = open.size + leaving >= socialConnectionsMax || unknown >= socialUnknownMax
  return full ? '503 Service Unavailable' : undefined
}

/** Compares hashes: texts of any length, in the same time. */
function knows(authorization: string | undefined, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(authorization ?? ''), hash(`Bearer ${secret}`))
}
