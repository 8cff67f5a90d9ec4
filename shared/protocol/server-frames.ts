// Frames from the server, except snapshots (snapshot.ts). The same two bytes begin each:
//   u8 version << 4 | framing, u8 kind
//   WELCOME   0x81  u32 stay, 16 bytes resume secret, u24 own entity, u32 tick, u32 tick length (us),
//                   u16 time scale (8.8), u32 width, u32 height (units), u32 next command number,
//                   u8+text zone, u8+text instance, u8+text content version
//   SNAPSHOT  0x82  see snapshot.ts
//   PONG      0x83  u32 token, u32 tick, u16 part of the tick that has passed (of 65536)
//   REDIRECT  0x84  u8 mode (0 go, 1 prepare, 2 commit), u8+text zone, u16+text address, u16+text ticket
//   CONTROL   0x85  msgpack to the end
//   SCHEMA    0x86  u8+text name, JSON (UTF-8) to the end; comes before WELCOME
import type { Schema } from '../components/schema.ts'
import { Reader, Writer } from './bytes.ts'
import { resumeSecretBytes } from './client-frames.ts'
import type { Refusal } from './client-frames.ts'
import { decodeSnapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { HEADER, speaks } from './version.ts'

export const SERVER_KIND = {
  welcome: 0x81,
  snapshot: 0x82,
  pong: 0x83,
  redirect: 0x84,
  control: 0x85,
  schema: 0x86,
} as const

const REDIRECT_MODES = ['go', 'prepare', 'commit'] as const

export type Welcome = {
  kind: 'welcome'
  stay: number
  secret: Uint8Array
  /** Own entity id. */
  entity: number
  tick: number
  /** Length of a tick in microseconds at time scale 1. */
  tickUs: number
  /** Time scale times 256: 256 is real time, less is slowed down. */
  timeScale: number
  /** Size of the zone in units. */
  width: number
  height: number
  /** The number the client's next command must carry. */
  nextCommand: number
  zone: string
  instance: string
  contentVersion: string
}

export type Redirect = {
  kind: 'redirect'
  /** `go`: this host has let go; ask `enter` again. The others belong to make-before-break hand-off. */
  mode: (typeof REDIRECT_MODES)[number]
  zone: string
  /** Empty for `go`. */
  address: string
  ticket: string
}

export type ServerFrame =
  | Welcome
  | Snapshot
  | { kind: 'pong'; token: number; tick: number; part: number }
  | Redirect
  | { kind: 'control'; body: Uint8Array }
  /** Archetypes and components of the zone. `name`: the same for the same schema, on any host. */
  | { kind: 'schema'; name: string; json: Uint8Array }

/** Reads one frame, by the schema that came last. Never throws. */
export function decodeServerFrame(bytes: Uint8Array, schema: Schema): ServerFrame | Refusal {
  const r = new Reader(bytes)
  const header = r.u8()
  if (!r.failed && !speaks(header >> 4)) return { kind: 'refused', reason: 'protocol.version' }
  const frame = (header & 15) === 0 ? decodeBody(r.u8(), r, schema) : undefined
  return frame !== undefined && r.done() ? frame : { kind: 'refused', reason: 'protocol.malformed' }
}

function decodeBody(kind: number, r: Reader, schema: Schema): ServerFrame | undefined {
  switch (kind) {
    case SERVER_KIND.welcome:
      return {
        kind: 'welcome',
        stay: r.u32(),
        secret: r.raw(resumeSecretBytes),
        entity: r.u24(),
        tick: r.u32(),
        tickUs: r.u32(),
        timeScale: r.u16(),
        width: r.u32(),
        height: r.u32(),
        nextCommand: r.u32(),
        zone: r.text8(),
        instance: r.text8(),
        contentVersion: r.text8(),
      }
    case SERVER_KIND.snapshot:
      return decodeSnapshot(r, schema)
    case SERVER_KIND.pong:
      return { kind: 'pong', token: r.u32(), tick: r.u32(), part: r.u16() }
    case SERVER_KIND.redirect: {
      const mode = REDIRECT_MODES[r.u8()]
      if (mode === undefined) return undefined
      return { kind: 'redirect', mode, zone: r.text8(), address: r.text16(), ticket: r.text16() }
    }
    case SERVER_KIND.control:
      return { kind: 'control', body: r.raw(r.end - r.at) }
    case SERVER_KIND.schema:
      return { kind: 'schema', name: r.text8(), json: r.raw(r.end - r.at) }
    default:
      return undefined
  }
}

/** Writes one frame into fresh memory. Snapshots are written by snapshot.ts. */
export function encodeServerFrame(frame: Exclude<ServerFrame, Snapshot>): Uint8Array {
  const w = new Writer(128).u8(HEADER).u8(SERVER_KIND[frame.kind])
  switch (frame.kind) {
    case 'welcome':
      w.u32(frame.stay).raw(frame.secret).u24(frame.entity).u32(frame.tick).u32(frame.tickUs)
      w.u16(frame.timeScale).u32(frame.width).u32(frame.height).u32(frame.nextCommand)
      w.text8(frame.zone).text8(frame.instance).text8(frame.contentVersion)
      break
    case 'pong':
      w.u32(frame.token).u32(frame.tick).u16(frame.part)
      break
    case 'redirect':
      w.u8(REDIRECT_MODES.indexOf(frame.mode)).text8(frame.zone)
      w.text16(frame.address).text16(frame.ticket)
      break
    case 'control':
      w.raw(frame.body)
      break
    case 'schema':
      w.text8(frame.name).raw(frame.json)
      break
  }
  return w.copy()
}
