// A snapshot: what changed for one viewer in one tick.
//
//   u8 header, u8 0x82
//   u32 tick, u8 flags, u16 time scale (8.8), u8 commands waiting, u32 acknowledged command
//   own body at that tick: i32 x, i32 y, u16 heading, u8 speed
//   then sections to the end, each u8 kind:
//     1 DROP   u16 count, count x u16 cell        no longer subscribed: forget who is in them
//     2 BLOCK  u16 cell, u16 bytes, records       newly subscribed: everybody in it, full records
//     3 CELL   u16 cell, u16 bytes, records       what changed in a subscribed cell
//     4 OWN    parts                              components that the player alone is told of: what
//                                                 changed, in a keyframe all
//     5 PARTY  u8 flags (1: complete), u8 count, count x (u24 id, parts)
//                                                 components that one's party alone is told of, one's
//                                                 own too; complete: forget those of all others first
//     6 SELF   the player's own state (own-section.ts)
//
// A cell is column | row << 8; places in records are counted from its corner. Records, each u8 kind:
//     1 ENTITY u24 id, u8 archetype, u16 x, u16 y, u16 heading, u8 speed, parts
//              full record; also an arrival new to this viewer
//     2 MOTION u24 id, u16 x, u16 y, u16 heading, u8 speed   absolute, at the frame's tick; the
//              entity is in this cell from now on
//     3 GONE   u24 id, u8 why (0 moved to another cell, 1 left the zone)
//     4 PARTS  u24 id, parts                      fields of its components that changed
//   128..255   u8 bytes, then that many: kinds that clients may skip
// Parts are as shared/components/codec.ts says; archetypes and components are numbers of the schema.
//
// An entity belongs to the cell whose section spoke of it last. GONE(0) and DROP remove it only if it
// still belongs to that cell once the whole frame has been read: so it does not matter in which order
// the two cells of a crossing stand. Between records an entity goes on as shared/rules/movement.ts
// says: each tick by dxOf/dyOf of its heading and speed. Its components stay as they were told last.
//
// Record bytes do not depend on the viewer: each is encoded once and shared by all frames. So no record
// holds a component that not everybody near may see.
import { readAll, readParts } from '../components/codec.ts'
import type { PartRecord } from '../components/codec.ts'
import type { Schema } from '../components/schema.ts'
import type { Reader, Writer } from './bytes.ts'
import { readSelf } from './own-section.ts'
import type { SelfSection } from './own-section.ts'
import { HEADER } from './version.ts'

/** Forget everything but the own entity first: this frame is complete in itself. */
const FLAG_KEYFRAME = 1
/** Of a PARTY section: whoever is not in it is not told of any more. */
const FLAG_COMPLETE = 1

const SECTION = { drop: 1, block: 2, cell: 3, own: 4, party: 5, self: 6 } as const
const SECTION_HEAD_BYTES = 5
const RECORD = { entity: 1, motion: 2, gone: 3, parts: 4 } as const
/** Records of this kind and above carry their own length. */
const RECORD_SKIPPABLE = 128
const GONE_MOVED = 0
const GONE_LEFT = 1

export type EntityRecord = {
  record: 'entity'
  id: number
  /** Its number in the schema. */
  archetype: number
  x: number
  y: number
  heading: number
  speed: number
  parts: PartRecord[]
}
export type MotionRecord = {
  record: 'motion'
  id: number
  x: number
  y: number
  heading: number
  speed: number
}
export type GoneRecord = { record: 'gone'; id: number; left: boolean }
export type PartsRecord = { record: 'parts'; id: number; parts: PartRecord[] }

/** Positions in decoded records are zone units, not cell-relative. */
export type SnapshotRecord = EntityRecord | MotionRecord | GoneRecord | PartsRecord

export type Section =
  | { section: 'drop'; cells: number[] }
  | { section: 'block' | 'cell'; cell: number; records: SnapshotRecord[] }
  | { section: 'own'; parts: PartRecord[] }
  | { section: 'party'; complete: boolean; members: { id: number; parts: PartRecord[] }[] }
  | SelfSection

export type SnapshotHead = {
  tick: number
  keyframe: boolean
  timeScale: number
  /** Commands of this player that wait on the server, for the client's pacing. */
  waiting: number
  /** Number of the last command applied. */
  ack: number
  own: { x: number; y: number; heading: number; speed: number }
}
export type Snapshot = SnapshotHead & { kind: 'snapshot'; sections: Section[] }

const CELL_UNITS = 15_000
const U8_MAX = 0xff
const U16_MAX = 0xffff
const I32_MAX = 0x7fff_ffff
const SNAPSHOT_KIND = 0x82

/** A value as it is. Throws a RangeError that names field and entity when the field cannot hold it. */
function fits(entity: number | 'own', field: string, value: number, max: number): number {
  if (value >>> 0 === value && value <= max) return value
  throw new RangeError(`${field} of entity ${entity} is ${value}, its field holds 0 to ${max}`)
}

/**
 * Header, head and own body. Sections follow by the writers below. All writers throw a RangeError for a
 * value that its field cannot hold.
 */
export function writeSnapshotHead(w: Writer, head: SnapshotHead): void {
  w.u8(HEADER).u8(SNAPSHOT_KIND).u32(head.tick)
  w.u8(head.keyframe ? FLAG_KEYFRAME : 0)
  w.u16(head.timeScale)
  w.u8(Math.min(255, head.waiting)).u32(head.ack)
  const { x, y, heading, speed } = head.own
  w.u32(fits('own', 'x', x, I32_MAX)).u32(fits('own', 'y', y, I32_MAX))
  w.u16(fits('own', 'heading', heading, U16_MAX)).u8(fits('own', 'speed', speed, U8_MAX))
}

export function writeDrop(w: Writer, cells: readonly number[]): void {
  w.u8(SECTION.drop).u16(cells.length)
  for (const cell of cells) w.u16(cell)
}

/** Begins a section, still empty; records follow, and `endSection` after them. Answers where it begins. */
export function beginSection(w: Writer, section: 'block' | 'cell', cell: number): number {
  const begin = w.at
  w.u8(SECTION[section]).u16(cell).u16(0)
  return begin
}

/** Sets the length of the section that begins at `begin` to what was written since. */
export function endSection(w: Writer, begin: number): void {
  w.patchU16(begin + SECTION_HEAD_BYTES - 2, w.at - begin - SECTION_HEAD_BYTES)
}

/** Begins the section with what the player alone is told; its parts follow. */
export function beginOwn(w: Writer): void {
  w.u8(SECTION.own)
}

/** Begins the section with what a party alone is told; for each member his id and his parts follow. */
export function beginParty(w: Writer, complete: boolean, members: number): void {
  w.u8(SECTION.party)
    .u8(complete ? FLAG_COMPLETE : 0)
    .u8(members)
}

/** Begins the section with the player's own state; `writeSelf` follows. */
export function beginSelf(w: Writer): void {
  w.u8(SECTION.self)
}

/** `x`, `y` in zone units; `cell` must contain them. All parts of its archetype follow. */
export function beginEntity(
  w: Writer,
  cell: number,
  e: Omit<EntityRecord, 'record' | 'parts'>,
): void {
  w.u8(RECORD.entity).u24(e.id).u8(e.archetype)
  writeBody(w, cell, e)
}

/** What changed of an entity follows, as parts. */
export function beginPartsRecord(w: Writer, id: number): void {
  w.u8(RECORD.parts).u24(id)
}

export function writeMotion(w: Writer, cell: number, m: Omit<MotionRecord, 'record'>): void {
  w.u8(RECORD.motion).u24(m.id)
  writeBody(w, cell, m)
}

export function writeGone(w: Writer, id: number, left: boolean): void {
  w.u8(RECORD.gone)
    .u24(id)
    .u8(left ? GONE_LEFT : GONE_MOVED)
}

function writeBody(
  w: Writer,
  cell: number,
  body: { id: number; x: number; y: number; heading: number; speed: number },
): void {
  const { id, heading, speed } = body
  const x = body.x - (cell & 255) * CELL_UNITS
  const y = body.y - (cell >> 8) * CELL_UNITS
  w.u16(fits(id, 'x in its cell', x, CELL_UNITS - 1))
  w.u16(fits(id, 'y in its cell', y, CELL_UNITS - 1))
  w.u16(fits(id, 'heading', heading, U16_MAX)).u8(fits(id, 'speed', speed, U8_MAX))
}

/** Reads the bytes behind the two header bytes. Undefined if they are malformed; the reader may fail too. */
export function decodeSnapshot(r: Reader, schema: Schema): Snapshot | undefined {
  const tick = r.u32()
  const flags = r.u8()
  const timeScale = r.u16()
  const waiting = r.u8()
  const ack = r.u32()
  const own = { x: r.i32(), y: r.i32(), heading: r.u16(), speed: r.u8() }
  const sections: Section[] = []
  while (!r.failed && r.at < r.end) {
    const section = decodeSection(r, schema)
    if (section === undefined) return undefined
    sections.push(section)
  }
  const keyframe = (flags & FLAG_KEYFRAME) !== 0
  return { kind: 'snapshot', tick, keyframe, timeScale, waiting, ack, own, sections }
}

function decodeSection(r: Reader, schema: Schema): Section | undefined {
  const kind = r.u8()
  if (kind === SECTION.drop) {
    const count = r.u16()
    const cells: number[] = []
    for (let i = 0; i < count && !r.failed; i++) cells.push(r.u16())
    return { section: 'drop', cells }
  }
  if (kind === SECTION.own) {
    const parts = readParts(r, schema)
    return parts && { section: 'own', parts }
  }
  if (kind === SECTION.party) return decodeParty(r, schema)
  if (kind === SECTION.self) return readSelf(r)
  if (kind !== SECTION.block && kind !== SECTION.cell) return undefined
  const cell = r.u16()
  const length = r.u16()
  const frameEnd = r.end
  if (r.at + length > frameEnd) return undefined
  r.end = r.at + length
  const records: SnapshotRecord[] = []
  while (!r.failed && r.at < r.end) {
    const record = decodeRecord(r, cell, schema)
    if (record === undefined) return undefined
    if (record !== 'skipped') records.push(record)
  }
  r.end = frameEnd
  return { section: kind === SECTION.block ? 'block' : 'cell', cell, records }
}

function decodeParty(r: Reader, schema: Schema): Section | undefined {
  const complete = (r.u8() & FLAG_COMPLETE) !== 0
  const count = r.u8()
  const members: { id: number; parts: PartRecord[] }[] = []
  for (let i = 0; i < count; i++) {
    const id = r.u24()
    const parts = readParts(r, schema)
    if (parts === undefined) return undefined
    members.push({ id, parts })
  }
  return { section: 'party', complete, members }
}

function decodeRecord(
  r: Reader,
  cell: number,
  schema: Schema,
): SnapshotRecord | 'skipped' | undefined {
  const kind = r.u8()
  if (kind >= RECORD_SKIPPABLE) {
    r.raw(r.u8())
    return 'skipped'
  }
  const id = r.u24()
  switch (kind) {
    case RECORD.entity: {
      const archetype = r.u8()
      const body = readBody(r, cell)
      const parts = readAll(r, schema, archetype)
      if (parts === undefined) return undefined
      return { record: 'entity', id, archetype, ...body, parts }
    }
    case RECORD.motion:
      return { record: 'motion', id, ...readBody(r, cell) }
    case RECORD.gone:
      return { record: 'gone', id, left: r.u8() !== GONE_MOVED }
    case RECORD.parts: {
      const parts = readParts(r, schema)
      return parts && { record: 'parts', id, parts }
    }
    default:
      return undefined
  }
}

function readBody(r: Reader, cell: number) {
  return {
    x: (cell & 255) * CELL_UNITS + r.u16(),
    y: (cell >> 8) * CELL_UNITS + r.u16(),
    heading: r.u16(),
    speed: r.u8(),
  }
}
