// One socket, from its first frame to its last. The states are those of docs/protocol.md:
//
//   new -> joining -> playing -> ended
//
// A socket in `new` may only send JOIN or RESUME; in `joining` (the claim is under way) nothing at all;
// in `playing` INPUT, PING, CONTROL and LEAVE. All else closes it with a typed code.
import {
  clientBytesBurst,
  clientBytesPerSecond,
  clientFramesBurst,
  clientFramesPerSecond,
} from '#shared/limits.ts'
import { decodeClientFrame } from '#shared/protocol/client-frames.ts'
import type { CommandFrame } from '#shared/protocol/client-frames.ts'
import type { CloseReason } from '#shared/protocol/close.ts'
import { createTokenBucket, spend } from './token-bucket.ts'
import type { Connection, ConnectionListener } from './transport.ts'

type DecodedFrame = ReturnType<typeof decodeClientFrame>

/** The receiver of what a joined socket sends. */
export type Player = {
  /** `known`: the tick of the newest snapshot that the client had. */
  input(first: number, commands: readonly CommandFrame[], known?: number): void
  ping(token: number): void
  control(body: Uint8Array): void
  leave(): void
  /** The socket has closed. Not called after `end`. */
  lost(): void
}

/** Takes a connection's first frame. Both answer later, by `joined` or by `end`. */
export type Door = {
  join(client: ClientConnection, ticket: string): void
  resume(client: ClientConnection, stay: number, secret: Uint8Array): void
}

export type ClientConnection = {
  readonly connection: Connection
  readonly openedAt: number
  readonly state: 'new' | 'joining' | 'playing' | 'ended'
  /** The name of the schema that the client has; empty for none. */
  readonly schema: string
  /** Whether it has neither ended nor been closed. */
  alive(): boolean
  /** From here on its frames go to the player. */
  joined(player: Player): void
  /** Closes the socket with a reason; the player hears nothing more of it. */
  end(reason: CloseReason): void
}

/** `onChange` is called after each change of state. Times are monotonic ms. */
export function openConnection(
  connection: Connection,
  door: Door,
  monotonic: () => number,
  onChange: (client: ClientConnection) => void,
): { client: ClientConnection; listener: ConnectionListener } {
  const openedAt = monotonic()
  const frames = createTokenBucket(clientFramesBurst, clientFramesPerSecond, openedAt)
  const bytes = createTokenBucket(clientBytesBurst, clientBytesPerSecond, openedAt)
  let state: ClientConnection['state'] = 'new'
  let player: Player | undefined
  let schema = ''

  const enter = (next: ClientConnection['state']) => {
    state = next
    onChange(client)
  }

  const client: ClientConnection = {
    connection,
    openedAt,
    get state() {
      return state
    },
    get schema() {
      return schema
    },
    alive: () => state !== 'ended',
    joined(driven) {
      if (state === 'ended') return
      player = driven
      enter('playing')
    },
    end(reason) {
      if (state === 'ended') return
      player = undefined
      connection.close(reason)
      enter('ended')
    },
  }

  /** Closes the socket of a client that breaks the rules. Its player goes on as after any lost socket. */
  const end = (reason: CloseReason) => {
    const driven = player
    client.end(reason)
    driven?.lost()
  }

  const listener: ConnectionListener = {
    frame(data) {
      if (state === 'ended') return
      const now = monotonic()
      if (!spend(frames, 1, now) || !spend(bytes, data.length, now)) return end('protocol.flood')
      if (state === 'new') {
        takeFirst(decodeClientFrame(data), client, door, (known) => {
          schema = known
          enter('joining')
        })
      } else if (player !== undefined) takeNext(decodeClientFrame(data), player, end)
      else end('protocol.unexpected')
    },
    closed() {
      if (state === 'ended') return
      const driven = player
      player = undefined
      enter('ended')
      driven?.lost()
    },
  }
  return { client, listener }
}

/** The first frame: `joining` is called before the door is asked. */
function takeFirst(
  frame: DecodedFrame,
  client: ClientConnection,
  door: Door,
  joining: (schema: string) => void,
): void {
  switch (frame.kind) {
    case 'join':
      joining(frame.schema ?? '')
      door.join(client, frame.ticket)
      break
    case 'resume':
      joining(frame.schema ?? '')
      door.resume(client, frame.stay, frame.secret)
      break
    case 'refused':
      client.end(frame.reason)
      break
    case 'input':
    case 'ping':
    case 'control':
    case 'leave':
      client.end('protocol.unexpected')
      break
  }
}

/** A frame of a player. */
function takeNext(frame: DecodedFrame, player: Player, end: (reason: CloseReason) => void): void {
  switch (frame.kind) {
    case 'input':
      player.input(frame.first, frame.commands, frame.known)
      break
    case 'ping':
      player.ping(frame.token)
      break
    case 'control':
      player.control(frame.body)
      break
    case 'leave':
      player.leave()
      break
    case 'refused':
      end(frame.reason)
      break
    case 'join':
    case 'resume':
      end('protocol.unexpected')
      break
  }
}
