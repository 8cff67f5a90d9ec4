// Frames from the client. All numbers are little endian. Every frame begins with
//   u8 version << 4 | framing, u8 kind
// and then, by kind:
//   JOIN     0x01  u16 length, ticket (ASCII), u8+text name of the schema that it has
//   RESUME   0x02  u32 stay, 16 bytes secret, u8+text name of the schema that it has
//   INPUT    0x03  u32 number of the first command, u32 tick of the newest snapshot that it has (0: none),
//                  u8 count (1..4), count x command
//   command        u16 heading, u8 buttons; with bit 7 of the buttons also u8 ability, u8 aim and by aim
//                  0 nothing, 1 u16 heading, 2 u32 x and u32 y, 3 u24 entity
//   LEAVE    0x04
//   PING     0x05  u32 token
//   CONTROL  0x06  msgpack to the end
// A frame with bytes left over is malformed.
import { aimKinds } from '../rules/own-state.ts'
import type { Aim, Use } from '../rules/own-state.ts'
import { Reader, Writer } from './bytes.ts'
import { HEADER, speaks } from './version.ts'

export const CLIENT_KIND = {
  join: 0x01,
  resume: 0x02,
  input: 0x03,
  leave: 0x04,
  ping: 0x05,
  control: 0x06,
} as const

export const commandsPerFrameMax = 4
export const resumeSecretBytes = 16
/** Of the buttons on the wire: an ability follows. */
const BUTTON_USE = 128

/** `use`: of an ability, in the tick that applies the command. */
export type CommandFrame = { heading: number; buttons: number; use?: Use }

export type ClientFrame =
  /** `schema`: the name of the schema that the client has; empty for none. */
  | { kind: 'join'; ticket: string; schema?: string }
  | { kind: 'resume'; stay: number; secret: Uint8Array; schema?: string }
  /** `known`: the tick of the newest snapshot that the client has. */
  | { kind: 'input'; first: number; known?: number; commands: CommandFrame[] }
  | { kind: 'leave' }
  | { kind: 'ping'; token: number }
  | { kind: 'control'; body: Uint8Array }

export type Refusal = { kind: 'refused'; reason: 'protocol.version' | 'protocol.malformed' }

const malformed: Refusal = { kind: 'refused', reason: 'protocol.malformed' }
const otherVersion: Refusal = { kind: 'refused', reason: 'protocol.version' }

/** Reads one frame. Never throws: for a frame that it cannot read it returns the reason to close with. */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame | Refusal {
  const r = new Reader(bytes)
  const header = r.u8()
  if (r.failed) return malformed
  if (!speaks(header >> 4)) return otherVersion
  if ((header & 15) !== 0) return malformed
  const frame = decodeBody(r.u8(), r)
  return frame !== undefined && r.done() ? frame : malformed
}

function decodeBody(kind: number, r: Reader): ClientFrame | undefined {
  switch (kind) {
    case CLIENT_KIND.join:
      return { kind: 'join', ticket: r.text16(), schema: r.text8() }
    case CLIENT_KIND.resume:
      return { kind: 'resume', stay: r.u32(), secret: r.raw(resumeSecretBytes), schema: r.text8() }
    case CLIENT_KIND.input: {
      const first = r.u32()
      const known = r.u32()
      const count = r.u8()
      if (count < 1 || count > commandsPerFrameMax) return undefined
      const commands: CommandFrame[] = []
      for (let i = 0; i < count; i++) {
        const command: CommandFrame = { heading: r.u16(), buttons: r.u8() }
        if ((command.buttons & BUTTON_USE) !== 0 && !readUse(r, command)) return undefined
        commands.push(command)
      }
      return { kind: 'input', first, known, commands }
    }
    case CLIENT_KIND.leave:
      return { kind: 'leave' }
    case CLIENT_KIND.ping:
      return { kind: 'ping', token: r.u32() }
    case CLIENT_KIND.control:
      return { kind: 'control', body: r.raw(r.end - r.at) }
    default:
      return undefined
  }
}

/** False for an aim that does not exist. */
function readUse(r: Reader, command: CommandFrame): boolean {
  const ability = r.u8()
  const kind = aimKinds[r.u8()]
  if (kind === undefined) return false
  command.buttons &= ~BUTTON_USE
  command.use = { ability, at: readAim(r, kind) }
  return true
}

function readAim(r: Reader, kind: Aim['aim']): Aim {
  switch (kind) {
    case 'none':
      return { aim: kind }
    case 'heading':
      return { aim: kind, heading: r.u16() }
    case 'place':
      return { aim: kind, x: r.u32(), y: r.u32() }
    case 'entity':
      return { aim: kind, id: r.u24() }
  }
}

function writeCommand(w: Writer, { heading, buttons, use }: CommandFrame): void {
  w.u16(heading).u8(use === undefined ? buttons & ~BUTTON_USE : buttons | BUTTON_USE)
  if (use === undefined) return
  const { at, ability } = use
  w.u8(ability).u8(aimKinds.indexOf(at.aim))
  switch (at.aim) {
    case 'none':
      break
    case 'heading':
      w.u16(at.heading)
      break
    case 'place':
      w.u32(at.x).u32(at.y)
      break
    case 'entity':
      w.u24(at.id)
      break
  }
}

/** Writes one frame into fresh memory. */
export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  const w = new Writer(64).u8(HEADER).u8(CLIENT_KIND[frame.kind])
  switch (frame.kind) {
    case 'join':
      w.text16(frame.ticket).text8(frame.schema ?? '')
      break
    case 'resume':
      w.u32(frame.stay)
        .raw(frame.secret)
        .text8(frame.schema ?? '')
      break
    case 'input':
      w.u32(frame.first)
        .u32(frame.known ?? 0)
        .u8(frame.commands.length)
      for (const command of frame.commands) writeCommand(w, command)
      break
    case 'ping':
      w.u32(frame.token)
      break
    case 'control':
      w.raw(frame.body)
      break
    case 'leave':
      break
  }
  return w.copy()
}
