// What happened in each cell in the latest tick, encoded once and shared by every viewer's frame, and
// the full records of a cell for those who have just subscribed to it.
//
// A course is told when it changes, never in between: viewers go on by dxOf/dyOf of the heading and
// speed told last, and so does this book. An entity that is where the book expects it, on the course
// that was told, needs no record. Because the sum is exact, it does not matter which record a viewer
// got last: all lead to the same place.
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
import { addCell, createCellSet } from './cell-set.ts'
import type { CellSet } from './cell-set.ts'

/** What every viewer who knows the entity believes: as told last, reckoned on to the latest tick. */
type Told = {
  entity: Entity
  x: number
  y: number
  heading: number
  speed: number
  cell: number
  shown: Uint8Array | undefined
}

/** Somebody who came from another cell: who did not see that one needs the full record as well. */
export type Arrival = { from: number; sections: Writer }

/** Whole sections, ready to be put into frames. */
export type CellRecords = {
  /** Notes what the latest step changed. Call once after each step. */
  publish(events: readonly WorldEvent[]): void
  /** The cells in which something changed in the latest tick. */
  readonly changed: CellSet
  /** What changed in a cell in the latest tick; undefined when nothing did. */
  changes(cell: number): Writer | undefined
  arrivals(cell: number): readonly Arrival[]
  /** Everybody in the cell as of the latest tick; undefined when nobody is there. */
  block(cell: number): Writer | undefined
}

/** Records of one cell in as many sections as their 16 bits of length ask for. */
type Sections = { kind: 'block' | 'cell'; cell: number; writer: Writer; begin: number }

type Cell = {
  changedAt: number
  changes: Sections
  arrivals: Arrival[]
  blockAt: number
  block: Sections
}

const sectionMaxBytes = 65_535
/** An entity takes no more: 12 bytes of numbers, two texts of 255, and what the game shows. */
const recordMaxBytes = 600 + shownMaxBytes

const emptyArrivals: readonly Arrival[] = []

export function createCellRecords(world: World): CellRecords {
  const cells: (Cell | undefined)[] = Array.from({ length: world.grid.cells.length })
  /** Indexed by slot. */
  const told: (Told | undefined)[] = []
  const changedCells = createCellSet(world.grid.rows)

  const cellAt = (number: number): Cell =>
    (cells[number] ??= {
      changedAt: -1,
      changes: createSections('cell', number),
      arrivals: [],
      blockAt: -1,
      block: createSections('block', number),
    })

  const changed = (number: number): Cell => {
    const cell = cellAt(number)
    if (cell.changedAt !== world.tick) {
      cell.changedAt = world.tick
      clear(cell.changes)
      cell.arrivals.length = 0
      addCell(changedCells, number)
    }
    return cell
  }

  const forget = (entity: Entity) => {
    const slot = entity.id & 0xffff
    const before = told[slot]
    if (before?.entity !== entity) return
    told[slot] = undefined
    const { changes } = changed(before.cell)
    writeGone(begin(changes), entity.id, true)
    end(changes)
  }

  const introduce = (entity: Entity) => {
    const { x, y, heading, speed, cell, shown } = entity
    told[entity.id & 0xffff] = { entity, x, y, heading, speed, cell, shown }
    const { changes } = changed(cell)
    writeWhole(begin(changes), cell, entity)
    end(changes)
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
    const here = changed(entity.cell)
    const writer = begin(here.changes)
    if (turned) writeMotion(writer, entity.cell, entity)
    if (shows && entity.shown !== undefined) writeShown(writer, entity.id, entity.shown)
    end(here.changes)
    if (crossed) {
      const arrival = createSections('cell', entity.cell, 64)
      writeWhole(begin(arrival), entity.cell, entity)
      end(arrival)
      here.arrivals.push({ from: known.cell, sections: arrival.writer })
      const left = changed(known.cell)
      writeGone(begin(left.changes), entity.id, false)
      end(left.changes)
    }
    known.x = entity.x
    known.y = entity.y
    known.heading = entity.heading
    known.speed = entity.speed
    known.cell = entity.cell
    known.shown = entity.shown
  }

  return {
    changed: changedCells,
    publish(events) {
      changedCells.fill(0)
      // Who left comes first: another may have taken the slot in the same step.
      for (const event of events) if (event.event === 'left') forget(event.entity)
      for (const entity of world.players) follow(entity)
      for (const entity of world.creatures) follow(entity)
    },
    changes(number) {
      const cell = cells[number]
      return cell?.changedAt === world.tick ? cell.changes.writer : undefined
    },
    arrivals(number) {
      const cell = cells[number]
      return cell?.changedAt === world.tick ? cell.arrivals : emptyArrivals
    },
    block(number) {
      const entities = world.grid.cells[number]!
      if (entities.length === 0) return undefined
      const cell = cellAt(number)
      if (cell.blockAt !== world.tick) {
        cell.blockAt = world.tick
        clear(cell.block)
        for (const entity of entities) {
          writeWhole(begin(cell.block), number, entity)
          end(cell.block)
        }
      }
      return cell.block.writer
    },
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

function clear(sections: Sections): void {
  sections.writer.reset()
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
