// A crowd that walks about as the bots do, from a seed: each turns every 1.5 to 2.5 seconds and stands
// one time in seven. Their frames are written once and patched, so that the crowd itself costs nothing.
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'

const commandsPerFrame = 2
/** In INPUT, the first command lies behind header, kind, number, newest snapshot and count. */
const firstCommandAt = 11
const commandBytes = 3

export type Walker = {
  /** The INPUT for the next two ticks. Valid until the next call. */
  input(): Uint8Array
  /** Takes the acknowledged number of a snapshot. A walker that is behind goes on after it. */
  acknowledged(ack: number): void
}

export function createWalker(seed: number, tickHz: number): Walker {
  const command = { heading: 0, buttons: 0 }
  const frame = encodeClientFrame({
    kind: 'input',
    first: 1,
    commands: Array.from({ length: commandsPerFrame }, () => command),
  })
  const fields = new DataView(frame.buffer, frame.byteOffset)
  let state = (seed * 2_654_435_761) >>> 0
  let next = 1
  let turnAt = 0
  /** 0 to 1 (Numerical Recipes' generator: good enough for walks). */
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
  const turn = () => {
    turnAt = next + tickHz * (1.5 + random())
    const heading = Math.floor(random() * 65_536)
    const buttons = random() < 0.15 ? 0 : BUTTON_WALK
    for (let i = 0; i < commandsPerFrame; i++) {
      const at = firstCommandAt + i * commandBytes
      fields.setUint16(at, heading, true)
      fields.setUint8(at + 2, buttons)
    }
  }
  return {
    input() {
      if (next >= turnAt) turn()
      fields.setUint32(2, next, true)
      next += commandsPerFrame
      return frame
    },
    acknowledged(ack) {
      next = Math.max(next, ack + 1)
    },
  }
}
