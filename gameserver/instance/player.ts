// Handles what a joined socket sends: inputs of its character, pings, control messages and the leave.
import { maskWords } from '#shared/moderation/words.ts'
import type { CommandFrame } from '#shared/protocol/client-frames.ts'
import type { Player, ClientConnection } from '../net/client-connection.ts'
import type { Character } from './character.ts'
import { controlFrame, pongFrame, usedFrame } from './frames.ts'
import type { Instance } from './instance.ts'
import { startLeave } from './leaving.ts'
import { readMessage } from './messages.ts'

export function createPlayer(
  instance: Instance,
  character: Character,
  socket: ClientConnection,
): Player {
  // A socket that was replaced, or whose character is leaving, drives nothing any more.
  const drives = () => {
    if (character.socket !== socket || character.viewer === undefined) return false
    character.oldSecret = undefined
    return true
  }
  return {
    input(first, commands, known = 0) {
      if (!drives()) return
      if (instance.frozen) return refuseUses(socket, first, commands)
      instance.inputs.push({ input: 'commands', id: character.entity!.id, first, known, commands })
    },
    ping(token) {
      // A client whose character is leaving is answered until the store is clear: it would else take
      // the host for silent.
      if (!drives() && character.socket !== socket) return
      const passedMs = instance.monotonic() - instance.tickedAt
      socket.connection.send(pongFrame(instance.world, token, passedMs))
    },
    control(body) {
      if (drives()) control(instance, character, socket, body)
    },
    leave() {
      if (drives()) startLeave(instance, character, 'left')
    },
    lost: () => loseSocket(instance, character, socket),
  }
}

/** Its socket went: the body stands until a resume, or until its time is up. */
export function loseSocket(
  instance: Instance,
  character: Character,
  socket: ClientConnection | undefined,
): void {
  if (character.socket !== socket) return
  character.socket = undefined
  character.viewer = undefined
  character.lostAt = instance.monotonic()
}

/** Nothing moves, so commands are dropped. */
function refuseUses(
  { connection }: ClientConnection,
  first: number,
  commands: readonly CommandFrame[],
): void {
  for (const [i, { use }] of commands.entries()) {
    if (use === undefined) continue
    connection.send(usedFrame({ command: first + i, refused: 'paused' }))
  }
}

function control(
  instance: Instance,
  character: Character,
  socket: ClientConnection,
  bytes: Uint8Array,
): void {
  const { rules, frozen, inputs, voices, runtime, content } = instance
  const { accountId } = character.claimed
  const read = readMessage(rules, bytes, {
    allowance: character.allowance,
    frozen,
    muted: voices.isMuted(accountId, runtime.now()),
    masked: (text) => maskWords(content, text),
    now: instance.monotonic(),
  })
  switch (read.reading) {
    case 'message': {
      const { reading: _, ...message } = read
      inputs.push({ input: 'message', id: character.entity!.id, ...message })
      break
    }
    case 'refused': {
      const { reading: _, ...refused } = read
      socket.connection.send(controlFrame({ kind: 'refused', ...refused }))
      break
    }
    case 'malformed':
      socket.end('protocol.malformed')
      loseSocket(instance, character, socket)
      break
  }
}
