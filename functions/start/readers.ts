// Clients that ask and do not read. Every answer waits in memory until its client has read it, so both how
// long and how much are bounded: an answer is read in time or its connection is cut, and a connection that
// sends requests ahead (pipelining, RFC 9112, 9.3.2) has one of them answered at a time.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { answerReadMs, pipelinedMax } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'

const checkEveryMs = 1000

/**
 * Cuts connections whose answers are not read within `readMs`, until the server closes. Time is counted by
 * checks, so that a process that stood still takes nobody for slow.
 */
export function cutSlowReaders(
  server: Server,
  runtime: Pick<Runtime, 'sleep'>,
  readMs = answerReadMs,
): void {
  const everyMs = Math.min(checkEveryMs, readMs)
  // All that waited at some check, `bytes` of the connection, leaves for the client within `leftMs`.
  const waiting = new Map<Socket, { bytes: number; leftMs: number } | undefined>()
  server.on('connection', (socket) => {
    waiting.set(socket, undefined)
    socket.once('close', () => waiting.delete(socket))
  })
  const check = () => {
    for (const [socket, due] of waiting) {
      const read = socket.bytesWritten - socket.writableLength
      if (socket.writableLength === 0) waiting.set(socket, undefined)
      else if (due === undefined || read >= due.bytes) {
        waiting.set(socket, { bytes: socket.bytesWritten, leftMs: readMs })
      } else if (due.leftMs <= everyMs) socket.destroy()
      else due.leftMs -= everyMs
    }
  }
  const closed = new AbortController()
  server.once('close', () => closed.abort())
  const checkOn = async () => {
    for (;;) {
      await runtime.sleep(everyMs, closed.signal)
      check()
    }
  }
  // The abort alone ends it.
  void checkOn().catch(() => undefined)
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Hands on one request of a connection after the other; too many waiting end the connection. */
export function oneAtATime(handle: Listener): Listener {
  const lanes = new WeakMap<Socket, [IncomingMessage, ServerResponse][]>()
  const start = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    response.once('close', () => {
      const next = lanes.get(socket)?.shift()
      if (next === undefined) lanes.delete(socket)
      else if (!socket.destroyed) start(...next)
    })
    handle(request, response)
  }
  return (request, response) => {
    const { socket } = request
    const lane = lanes.get(socket)
    if (lane === undefined) {
      lanes.set(socket, [])
      start(request, response)
    } else if (lane.length < pipelinedMax) lane.push([request, response])
    else socket.destroy()
  }
}
