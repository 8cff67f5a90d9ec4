// Frames from the client. All numbers are little endian. Every frame begins with
//   u8 version << 4 | framing, u8 kind
// and then, by kind:
//   JOIN     0x01  u16 length, ticket (ASCII), u8+text name of the schema that it has
//   RESUME   0x02  u32 stay, 16 bytes secret, u8+text name of the schema that it has
//   INPUT    0x03  u32 number of the first command, u8 count (1..4), count x (u16 heading, u8 buttons)
//   LEAVE    0x04
//   PING     0x05  u32 token
//   CONTROL  0x06  msgpack to the end
// A frame with bytes left over is malformed.
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

export type ClientFrame =
  /** `schema`: the name of the schema that the client has; empty for none. */
  | { kind: 'join'; ticket: string; schema?: string }
  | { kind: 'resume'; stay: number; secret: Uint8Array; schema?: string }
  | { kind: 'input'; first: number; commands: { heading: number; buttons: number }[] }
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
      const count = r.u8()
      if (count < 1 || count > commandsPerFrameMax) return undefined
      const commands = []
      for (let i = 0; i < count; i++) commands.push({ heading: r.u16(), buttons: r.u8() })
      return { kind: 'input', first, commands }
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
      w.u32(frame.first).u8(frame.commands.length)
      for (const command of frame.commands) w.u16(command.heading).u8(command.buttons)
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
