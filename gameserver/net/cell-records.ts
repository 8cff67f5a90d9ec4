// The changes of each cell in the latest ticks, encoded once and shared by every viewer's frame, and the full
// records of a cell for viewers who have just subscribed to it.
//
// A course is sent when it changes, never in between: viewers go on by dxOf/dyOf of the heading and
// speed sent last, and so does the book (known.ts). An entity that is where the book expects it, on the
// course that was sent, needs no record. Because the sum is exact, it does not matter which record a
// viewer got last: all lead to the same position.
//
// Some viewers get no frame in a tick. So a viewer asks for the changes *since* the last tick that it knows,
// up to `windowTicks` back. The records show the latest tick: an entity that turned twice in that time has
// one record. For each length of time that is asked for, all cells are encoded once, one behind the other by
// their numbers. So the changes of neighbouring cells are one piece of bytes.
import type { Writer } from '#shared/protocol/bytes.ts'
import { beginPartsRecord, writeGone, writeMotion } from '#shared/protocol/snapshot.ts'
import { partsOf } from '../sim/components.ts'
import type { Entity, World } from '../sim/world.ts'
import type { CellSet } from './cell-set.ts'
import { changedCells } from './changed-cells.ts'
import { cellThen, createBook, updateBook } from './known.ts'
import type { Book } from './known.ts'
import { writePartsSince } from './parts.ts'
import { beginRecord, createSections, endRecord, startCell, writeWhole } from './sections.ts'
import type { Sections } from './sections.ts'

/** Whole sections, ready to be put into frames. */
export type CellRecords = {
  /** Records the changes of the latest step. Call it once after each step. */
  publish(): void
  /** The cells in which something changed after a tick, at most `windowTicks` ago. */
  changedSince(since: number): CellSet
  /** All that changed after a tick. Valid until the next `publish`. */
  changes(since: number): Changes
  /** All entities of the cell as of the latest tick; undefined when it is empty. */
  block(cell: number): Writer | undefined
}

/** By cell number: the bytes of cells a to b lie from `[a]` to `[b + 1]`. */
export type Changes = {
  sections: Writer
  sectionsFrom: Int32Array
  /**
   * The cells from which entities came: the full record is for viewers who did not see that cell.
   * `arrivalsFrom` counts them; the record of the n-th lies from `wholeFrom[n]` to `wholeFrom[n + 1]`.
   */
  arrivals: readonly number[]
  arrivalsFrom: Int32Array
  wholes: Writer
  wholeFrom: number[]
}

/** The changes of one length of time, as of a tick. */
type Encoded = Changes & { at: number; arrivals: number[]; here: Sections; whole: Sections }

type Block = { at: number; sections: Sections }

export function createCellRecords(world: World): CellRecords {
  const book = createBook(world)
  const cellCount = world.grid.cells.length
  /** Indexed by the ticks that are looked back. */
  const encodings: (Encoded | undefined)[] = []
  /** By cell. */
  const blocks: (Block | undefined)[] = []

  return {
    publish: () => updateBook(book),
    changedSince: (since) => changedCells(book.changed, world.tick, since),
    changes(since) {
      const encoded = (encodings[world.tick - since] ??= createEncoded(cellCount))
      if (encoded.at !== world.tick) encode(book, since, encoded)
      return encoded
    },
    block(cell) {
      const entities = world.grid.cells[cell]!
      if (entities.length === 0) return undefined
      const block = (blocks[cell] ??= { at: -1, sections: createSections('block', cell) })
      if (block.at !== world.tick) {
        block.at = world.tick
        encodeBlock(world, block.sections, entities)
      }
      return block.sections.writer
    },
  }
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

function encode(book: Book, since: number, encoded: Encoded): void {
  const { tick } = book.world
  const { sections, sectionsFrom, arrivals, arrivalsFrom, wholes, wholeFrom } = encoded
  encoded.at = tick
  sections.reset()
  wholes.reset()
  arrivals.length = 0
  wholeFrom.length = 1
  const changed = changedCells(book.changed, tick, since)
  let next = 0
  for (let word = 0; word < changed.length; word++) {
    for (let bits = changed[word]!; bits !== 0; bits &= bits - 1) {
      const cell = (word << 5) | (31 - Math.clz32(bits & -bits))
      sectionsFrom.fill(sections.at, next, cell + 1)
      arrivalsFrom.fill(arrivals.length, next, cell + 1)
      next = cell + 1
      encodeCell(book, cell, since, encoded)
    }
  }
  sectionsFrom.fill(sections.at, next)
  arrivalsFrom.fill(arrivals.length, next)
}

function encodeCell(book: Book, cell: number, since: number, encoded: Encoded): void {
  const { here } = encoded
  startCell(here, cell)
  const gone = book.gone[cell]
  if (gone !== undefined) {
    for (const { at, id, left } of gone) {
      if (at <= since) continue
      // The entity has come back since and is here. A GONE record would make the client forget it.
      const known = book.known[id & 0xffff]
      if (known?.entity.id === id && known.cell === cell) continue
      writeGone(beginRecord(here), id, left)
      endRecord(here)
    }
  }
  for (const entity of book.world.grid.cells[cell]!) encodeEntity(book, entity, since, encoded)
}

/** Encodes the changes of one entity since a tick. */
function encodeEntity(book: Book, entity: Entity, since: number, encoded: Encoded): void {
  const { here, whole, arrivals, wholeFrom } = encoded
  const known = book.known[entity.id & 0xffff]!
  const { world } = book
  if (known.cameAt > since) {
    writeWhole(here, world, entity)
    return
  }
  const { components } = world
  const slot = entity.id & 0xffff
  const partsChanged = components.latest.near[slot]! > since
  if (known.turnedAt <= since && !partsChanged) return
  const writer = beginRecord(here)
  if (known.turnedAt > since) writeMotion(writer, here.cell, entity)
  if (partsChanged) {
    beginPartsRecord(writer, entity.id)
    writePartsSince(writer, partsOf(components, entity.archetype).near, slot, since)
  }
  endRecord(here)
  const from = cellThen(known, since)
  if (from === here.cell) return
  startCell(whole, here.cell)
  writeWhole(whole, world, entity)
  arrivals.push(from)
  wholeFrom.push(whole.writer.at)
}

function encodeBlock(world: World, sections: Sections, entities: readonly Entity[]): void {
  sections.writer.reset()
  startCell(sections, sections.cell)
  for (const entity of entities) writeWhole(sections, world, entity)
}
