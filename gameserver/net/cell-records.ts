// What happened in each cell in the latest tick, encoded once and shared by every viewer's frame, and
// the full records of a cell for those who have just subscribed to it.
//
// A course is told when it changes, never in between: viewers go on by dxOf/dyOf of the heading and
// speed told last, and so does this book. An entity that is where the book expects it, on the course
// that was told, needs no record. Because the sum is exact, it does not matter which record a viewer
// got last: all lead to the same place.
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { writeEntity, writeGone, writeMotion } from '#shared/protocol/snapshot.ts'
import { Writer } from '#shared/protocol/bytes.ts'
import type { Entity, World, WorldEvent } from '../sim/world.ts'

/** What every viewer who knows the entity believes: as told last, reckoned on to the latest tick. */
type Told = { entity: Entity; x: number; y: number; heading: number; speed: number; cell: number }

/** Somebody who came from another cell: who did not see that one needs the full record as well. */
export type Arrival = { from: number; records: Records }

/** Encoded records of a cell, in pieces that fit a section's 16 bits of length. */
export type Records = { writer: Writer; ends: number[] }

export type CellRecords = {
  /** Notes what the latest step changed. Call once after each step. */
  publish(events: readonly WorldEvent[]): void
  /** What changed in a cell in the latest tick; undefined when nothing did. */
  changes(cell: number): Records | undefined
  arrivals(cell: number): readonly Arrival[]
  /** Everybody in the cell as of the latest tick; undefined when nobody is there. */
  block(cell: number): Records | undefined
}

type Cell = {
  changedAt: number
  changes: Records
  arrivals: Arrival[]
  blockAt: number
  block: Records
}

const sectionMaxBytes = 65_535
/** No record is larger: 12 bytes of numbers and two texts of 255. */
const recordMaxBytes = 600

const emptyArrivals: readonly Arrival[] = []

export function createCellRecords(world: World): CellRecords {
  const cells: (Cell | undefined)[] = Array.from({ length: world.grid.cells.length })
  /** Indexed by slot. */
  const told: (Told | undefined)[] = []

  const cellAt = (number: number): Cell =>
    (cells[number] ??= {
      changedAt: -1,
      changes: createRecords(),
      arrivals: [],
      blockAt: -1,
      block: createRecords(),
    })

  const changed = (number: number): Cell => {
    const cell = cellAt(number)
    if (cell.changedAt !== world.tick) {
      cell.changedAt = world.tick
      clearRecords(cell.changes)
      cell.arrivals.length = 0
    }
    return cell
  }

  const forget = (entity: Entity) => {
    const slot = entity.id & 0xffff
    const before = told[slot]
    if (before?.entity !== entity) return
    told[slot] = undefined
    const { changes } = changed(before.cell)
    writeGone(changes.writer, entity.id, true)
    endRecord(changes)
  }

  const introduce = (entity: Entity) => {
    const { x, y, heading, speed, cell } = entity
    told[entity.id & 0xffff] = { entity, x, y, heading, speed, cell }
    const { changes } = changed(cell)
    writeEntity(changes.writer, cell, entity)
    endRecord(changes)
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
    if (
      !crossed &&
      known.x === entity.x &&
      known.y === entity.y &&
      known.heading === entity.heading &&
      known.speed === entity.speed
    ) {
      return
    }
    const here = changed(entity.cell)
    writeMotion(here.changes.writer, entity.cell, entity)
    endRecord(here.changes)
    if (crossed) {
      const records = createRecords(64)
      writeEntity(records.writer, entity.cell, entity)
      endRecord(records)
      here.arrivals.push({ from: known.cell, records })
      const left = changed(known.cell)
      writeGone(left.changes.writer, entity.id, false)
      endRecord(left.changes)
    }
    known.x = entity.x
    known.y = entity.y
    known.heading = entity.heading
    known.speed = entity.speed
    known.cell = entity.cell
  }

  return {
    publish(events) {
      // Who left comes first: another may have taken the slot in the same step.
      for (const event of events) if (event.event === 'left') forget(event.entity)
      for (const entity of world.players) follow(entity)
      for (const entity of world.creatures) follow(entity)
    },
    changes(number) {
      const cell = cells[number]
      return cell?.changedAt === world.tick ? cell.changes : undefined
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
        clearRecords(cell.block)
        for (const entity of entities) {
          writeEntity(cell.block.writer, number, entity)
          endRecord(cell.block)
        }
      }
      return cell.block
    },
  }
}

function createRecords(bytes = 256): Records {
  return { writer: new Writer(bytes), ends: [] }
}

function clearRecords(records: Records): void {
  records.writer.reset()
  records.ends.length = 0
}

/** Call after each record: begins a new piece while the next record is sure to fit the old one. */
function endRecord(records: Records): void {
  const begin = records.ends.at(-1) ?? 0
  const end = records.writer.at
  if (end - begin > sectionMaxBytes - recordMaxBytes) records.ends.push(end)
}
