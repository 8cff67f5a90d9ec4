// One socket's life: open, first frame, frames both ways, pings, and why it ended.
import { decodeServerFrame } from '#shared/protocol/server-frames.ts'
import type { ServerFrame } from '#shared/protocol/server-frames.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import type { ClientFrame } from '#shared/protocol/client-frames.ts'
import { closeReason } from '#shared/protocol/close.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import type { Metrics } from './metrics.ts'
import type { Schemas } from './schemas.ts'
import type { OpenSocket, Socket } from './socket.ts'

/** From opening to the first frame of the server. A phone on a bad network needs a few seconds. */
const answerMs = 5000
/**
 * The same for a resume, which a host answers without others: three round trips and one lost packet. After
 * that `enter` finds out whether the host hangs; a short wait is better.
 */
const resumeAnswerMs = 1500
/** The server sends at least every 500 ms: eight missed frames are a dead connection. */
const silentMs = 4000
/** The first pings come quickly, so that the clock is right soon; then they keep it right. */
const pingsQuick = 5
const pingQuickMs = 200
const pingMs = 2000
/** Pings that wait for their answer; older ones are forgotten. */
const pingsMax = 8

/**
 * Why a connection ended: the server's reason, `socket` when it was lost or never opened, `silent`
 * when nothing came any more, `unreadable` when the server sent what this client cannot read.
 */
export type ConnectionEnd = CloseReason | 'socket' | 'silent' | 'unreadable'

export type ConnectionEvents = {
  frame(frame: Exclude<ServerFrame, { kind: 'pong' | 'schema' }>): void
  pong(sentAt: number, tick: number): void
  /** Called once. */
  ended(why: ConnectionEnd): void
}

export type Connection = {
  send(frame: ClientFrame): void
  /** Pings and deadlines; call often. */
  update(now: number): void
  /** Closes from this side; `ended` is called with `why` at once. */
  close(why: ConnectionEnd): void
}

export function openConnection(
  open: OpenSocket,
  address: string,
  first: ClientFrame,
  monotonic: () => number,
  schemas: Schemas,
  metrics: Metrics,
  events: ConnectionEvents,
): Connection {
  const firstAnswerMs = first.kind === 'resume' ? resumeAnswerMs : answerMs
  let over = false
  let opened = false
  let answered = false
  let heardAt = monotonic()
  let updatedAt = heardAt
  let pingAt = heardAt
  let pings = 0
  const waiting = new Map<number, number>()

  const end = (why: ConnectionEnd) => {
    if (over) return
    over = true
    socket.close()
    events.ended(why)
  }
  const send = (frame: ClientFrame) => {
    if (over || !opened) return
    const bytes = encodeClientFrame(frame)
    metrics.bytesOut += bytes.length
    metrics.framesOut++
    socket.send(bytes)
  }

  const socket: Socket = open(address, {
    opened() {
      opened = true
      heardAt = monotonic()
      send(first)
    },
    received(bytes) {
      if (over) return
      const now = monotonic()
      heardAt = now
      answered = true
      metrics.bytesIn += bytes.length
      metrics.framesIn++
      const frame = decodeServerFrame(bytes, schemas.current)
      if (frame.kind === 'schema' && !schemas.take(frame.name, frame.json)) end('unreadable')
      else if (frame.kind === 'refused') {
        end(frame.reason === 'protocol.version' ? 'protocol.version' : 'unreadable')
      } else if (frame.kind === 'pong') {
        const sentAt = waiting.get(frame.token)
        waiting.delete(frame.token)
        if (sentAt !== undefined) events.pong(sentAt, frame.tick + frame.part / 65_536)
      } else if (frame.kind !== 'schema') {
        events.frame(frame)
      }
    },
    // A reason of a later version counts as `internal`; below 4000 are WebSocket's own codes.
    closed: (code) => end(closeReason(code) ?? (code >= 4000 ? 'internal' : 'socket')),
  })

  return {
    send,
    update(now) {
      // After a pause of the program, frames that have arrived are not read yet.
      if (now - updatedAt > 1000) heardAt = Math.max(heardAt, now - silentMs / 2)
      updatedAt = now
      if (now - heardAt > (answered ? silentMs : firstAnswerMs)) {
        end('silent')
        return
      }
      if (!answered || now < pingAt) return
      pingAt = now + (pings < pingsQuick ? pingQuickMs : pingMs)
      pings++
      waiting.set(pings, now)
      if (waiting.size > pingsMax) waiting.delete(waiting.keys().next().value!)
      send({ kind: 'ping', token: pings })
    },
    close: end,
  }
}
