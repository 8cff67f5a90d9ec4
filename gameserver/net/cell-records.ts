// What happened in each cell in the latest ticks, encoded once and shared by every viewer's frame, and
// the full records of a cell for those who have just subscribed to it.
//
// A course is told when it changes, never in between: viewers go on by dxOf/dyOf of the heading and
// speed told last, and so does this book. An entity that is where the book expects it, on the course
// that was told, needs no record. Because the sum is exact, it does not matter which record a viewer
// got last: all lead to the same place.
//
// Not every viewer gets a frame in every tick, so what changed is asked for *since* the tick of which a
// viewer knows everything, up to `windowTicks` back. The records are as of the latest tick, whenever in
// that time a course changed: who turned twice is told once. For each length of time that somebody asks
// for, all cells are encoded once, one behind the other by their numbers: what changed in cells side by
// side is one piece of bytes.
import { shownMaxBytes } from '#shared/limits.ts'
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import {
  beginSection,
  endSection,
  writeEntity,
  writeGone,
  writeMotion,
  writeShown,
} from '#shared/protocol/snapshot.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import type { Entity, World, WorldEvent } from '../sim/world.ts'
import { addCell, createCellSet, uniteWith } from './cell-set.ts'
import type { CellSet } from './cell-set.ts'

/**
 * How many ticks back changes are remembered: four between frames of a host under load, and four more
 * that it made up for without a frame.
 */
export const windowTicks = 8

/** What every viewer who knows the entity believes: as told last, reckoned on to the latest tick. */
type Told = {
  entity: Entity
  x: number
  y: number
  heading: number
  speed: number
  cell: number
  shown: Uint8Array | undefined
  /** The ticks in which it came, its course changed last, and what it shows did. */
  cameAt: number
  turnedAt: number
  shownAt: number
  /** Cells that it left of late, oldest first. */
  crossings: Crossing[]
}

type Crossing = { at: number; from: number }

/** Who went from a cell of late, to another or out of the zone. */
type Gone = { at: number; id: number; left: boolean }

/** Whole sections, ready to be put into frames. */
export type CellRecords = {
  /** Notes what the latest step changed. Call once after each step. */
  publish(events: readonly WorldEvent[]): void
  /** The cells in which something changed after a tick, at most `windowTicks` ago. */
  changedSince(since: number): CellSet
  /** All that changed after a tick. Valid until the next `publish`. */
  changes(since: number): Changes
  /** Everybody in the cell as of the latest tick; undefined when nobody is there. */
  block(cell: number): Writer | undefined
}

/** By cell number: what belongs to cells a to b lies from `[a]` to `[b + 1]`. */
export type Changes = {
  sections: Writer
  sectionsFrom: Int32Array
  /**
   * The cells from which somebody came: the full record is for viewers who did not see that one.
   * `arrivalsFrom` counts them; the record of the n-th lies from `wholeFrom[n]` to `wholeFrom[n + 1]`.
   */
  arrivals: readonly number[]
  arrivalsFrom: Int32Array
  wholes: Writer
  wholeFrom: number[]
}

/** Records of one cell in as many sections as their 16 bits of length ask for. */
type Sections = { kind: 'block' | 'cell'; cell: number; writer: Writer; begin: number }

/** What changed in one length of time, as of a tick. */
type Encoded = Changes & { at: number; arrivals: number[]; here: Sections; whole: Sections }

type Cell = {
  number: number
  changedAt: number
  gone: Gone[]
  blockAt: number
  block: Sections | undefined
}

const sectionMaxBytes = 65_535
/** An entity takes no more: 12 bytes of numbers, two texts of 255, and what the game shows. */
const recordMaxBytes = 600 + shownMaxBytes

export function createCellRecords(world: World): CellRecords {
  const cells: (Cell | undefined)[] = Array.from({ length: world.grid.cells.length })
  /** Indexed by slot. */
  const told: (Told | undefined)[] = []
  /** The cells that changed in each of the latest ticks, and together since each of them. */
  const changedIn = Array.from({ length: windowTicks }, () => createCellSet(world.grid.rows))
  const together = Array.from({ length: windowTicks + 1 }, () => {
    return { at: -1, cells: createCellSet(world.grid.rows) }
  })

  /** Indexed by the ticks that are looked back. */
  const encodings: (Encoded | undefined)[] = []

  const cellAt = (number: number): Cell =>
    (cells[number] ??= { number, changedAt: -1, gone: [], blockAt: -1, block: undefined })

  const changed = (number: number): Cell => {
    const cell = cellAt(number)
    if (cell.changedAt !== world.tick) {
      cell.changedAt = world.tick
      addCell(changedIn[world.tick % windowTicks]!, number)
    }
    return cell
  }

  const forget = (entity: Entity) => {
    const slot = entity.id & 0xffff
    const before = told[slot]
    if (before?.entity !== entity) return
    told[slot] = undefined
    noteGone(changed(before.cell), world.tick, entity.id, true)
  }

  const introduce = (entity: Entity) => {
    const { x, y, heading, speed, cell, shown } = entity
    const cameAt = world.tick
    told[entity.id & 0xffff] = {
      entity,
      x,
      y,
      heading,
      speed,
      cell,
      shown,
      cameAt,
      turnedAt: cameAt,
      shownAt: cameAt,
      crossings: [],
    }
    changed(cell)
  }

  const follow = (entity: Entity) => {
    const known = told[entity.id & 0xffff]
    if (known === undefined) {
      introduce(entity)
      return
    }
    if (known.speed > 0) {
      known.x += dxOf(known.heading, known.speed, world.tickHz)
      known.y += dyOf(known.heading, known.speed, world.tickHz)
    }
    const crossed = known.cell !== entity.cell
    const turned =
      crossed ||
      known.x !== entity.x ||
      known.y !== entity.y ||
      known.heading !== entity.heading ||
      known.speed !== entity.speed
    const shows = known.shown !== entity.shown
    if (!turned && !shows) return
    const { tick } = world
    changed(entity.cell)
    if (turned) known.turnedAt = tick
    if (shows) known.shownAt = tick
    if (crossed) {
      noteCrossing(known.crossings, tick, known.cell)
      noteGone(changed(known.cell), tick, entity.id, false)
    }
    known.x = entity.x
    known.y = entity.y
    known.heading = entity.heading
    known.speed = entity.speed
    known.cell = entity.cell
    known.shown = entity.shown
  }

  const changedSince = (since: number): CellSet => {
    const back = world.tick - since
    if (back === 1) return changedIn[world.tick % windowTicks]!
    const union = together[back]!
    if (union.at !== world.tick) {
      union.at = world.tick
      union.cells.fill(0)
      for (let tick = since + 1; tick <= world.tick; tick++) {
        uniteWith(union.cells, changedIn[tick % windowTicks]!)
      }
    }
    return union.cells
  }

  const encodeCell = (cell: Cell, since: number, encoded: Encoded) => {
    const { here, whole, arrivals, wholeFrom } = encoded
    startCell(here, cell.number)
    for (const { at, id, left } of cell.gone) {
      if (at <= since) continue
      // Who came back since is here: told as gone as well it would be forgotten.
      const known = told[id & 0xffff]
      if (known?.entity.id === id && known.cell === cell.number) continue
      writeGone(begin(here), id, left)
      end(here)
    }
    for (const entity of world.grid.cells[cell.number]!) {
      const known = told[entity.id & 0xffff]!
      if (known.cameAt > since) {
        writeWhole(begin(here), cell.number, entity)
        end(here)
        continue
      }
      const shows = known.shownAt > since && entity.shown !== undefined
      if (known.turnedAt <= since && !shows) continue
      const writer = begin(here)
      if (known.turnedAt > since) writeMotion(writer, cell.number, entity)
      if (shows) writeShown(writer, entity.id, entity.shown!)
      end(here)
      const from = cellOfThen(known, since)
      if (from === cell.number) continue
      startCell(whole, cell.number)
      writeWhole(begin(whole), cell.number, entity)
      end(whole)
      arrivals.push(from)
      wholeFrom.push(whole.writer.at)
    }
  }

  const encode = (since: number): Encoded => {
    const encoded = (encodings[world.tick - since] ??= createEncoded(cells.length))
    if (encoded.at === world.tick) return encoded
    encoded.at = world.tick
    const { sections, sectionsFrom, arrivals, arrivalsFrom, wholes, wholeFrom } = encoded
    sections.reset()
    wholes.reset()
    arrivals.length = 0
    wholeFrom.length = 1
    const changed = changedSince(since)
    let next = 0
    for (let word = 0; word < changed.length; word++) {
      for (let bits = changed[word]!; bits !== 0; bits &= bits - 1) {
        const number = (word << 5) | (31 - Math.clz32(bits & -bits))
        sectionsFrom.fill(sections.at, next, number + 1)
        arrivalsFrom.fill(arrivals.length, next, number + 1)
        next = number + 1
        encodeCell(cells[number]!, since, encoded)
      }
    }
    sectionsFrom.fill(sections.at, next)
    arrivalsFrom.fill(arrivals.length, next)
    return encoded
  }

  return {
    publish(events) {
      changedIn[world.tick % windowTicks]!.fill(0)
      // Who left comes first: another may have taken the slot in the same step.
      for (const event of events) if (event.event === 'left') forget(event.entity)
      for (const entity of world.players) follow(entity)
      for (const entity of world.creatures) follow(entity)
    },
    changedSince,
    changes: encode,
    block(number) {
      const entities = world.grid.cells[number]!
      if (entities.length === 0) return undefined
      const cell = cellAt(number)
      const block = (cell.block ??= createSections('block', number))
      if (cell.blockAt !== world.tick) {
        cell.blockAt = world.tick
        block.writer.reset()
        startCell(block, number)
        for (const entity of entities) {
          writeWhole(begin(block), number, entity)
          end(block)
        }
      }
      return block.writer
    },
  }
}

/** The cell in which an entity was at a tick, at most `windowTicks` ago. */
function cellOfThen(known: Told, tick: number): number {
  for (const { at, from } of known.crossings) if (at > tick) return from
  return known.cell
}

function noteCrossing(crossings: Crossing[], at: number, from: number): void {
  while (crossings.length > 0 && crossings[0]!.at <= at - windowTicks) crossings.shift()
  crossings.push({ at, from })
}

function noteGone({ gone }: Cell, at: number, id: number, left: boolean): void {
  while (gone.length > 0 && gone[0]!.at <= at - windowTicks) gone.shift()
  gone.push({ at, id, left })
}

function createEncoded(cells: number): Encoded {
  const here = createSections('cell', 0, 4096)
  const whole = createSections('cell', 0, 1024)
  return {
    at: -1,
    here,
    sections: here.writer,
    sectionsFrom: new Int32Array(cells + 1),
    arrivals: [],
    arrivalsFrom: new Int32Array(cells + 1),
    whole,
    wholes: whole.writer,
    wholeFrom: [0],
  }
}

/** All there is to know of an entity. */
function writeWhole(writer: Writer, cell: number, entity: Entity): void {
  writeEntity(writer, cell, entity)
  if (entity.shown !== undefined) writeShown(writer, entity.id, entity.shown)
}

function createSections(kind: Sections['kind'], cell: number, bytes = 256): Sections {
  return { kind, cell, writer: new Writer(bytes), begin: -1 }
}

/** What follows belongs to another cell. */
function startCell(sections: Sections, cell: number): void {
  sections.cell = cell
  sections.begin = -1
}

/** Where the next record is to be written. Call `end` after it. */
function begin(sections: Sections): Writer {
  const { writer } = sections
  if (sections.begin < 0 || writer.at - sections.begin > sectionMaxBytes - recordMaxBytes) {
    sections.begin = beginSection(writer, sections.kind, sections.cell)
  }
  return writer
}

function end(sections: Sections): void {
  endSection(sections.writer, sections.begin)
}
