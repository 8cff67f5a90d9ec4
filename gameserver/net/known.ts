// The course of each entity as its viewers know it, and when that changed.
//
// After each step this compares all entities of the world with what was sent of them. So it does not matter
// how an entity came to another position, or out of the world. Components say themselves when they changed.
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import type { Entity, World } from '../sim/world.ts'
import { beginTick, createChangedCells, markChanged, windowTicks } from './changed-cells.ts'
import type { ChangedCells } from './changed-cells.ts'

/** As sent last, reckoned on to the latest tick. */
export type Known = {
  readonly entity: Entity
  x: number
  y: number
  heading: number
  speed: number
  cell: number
  /** The ticks in which it came, and in which its course changed last. */
  readonly cameAt: number
  turnedAt: number
  /** Cells that it left of late, oldest first. */
  readonly crossings: Crossing[]
}

type Crossing = { at: number; from: number }

/** An entity went from a cell of late: to another one, or out of the zone (`left`). */
type Gone = { at: number; id: number; left: boolean }

export type Book = {
  readonly world: World
  readonly changed: ChangedCells
  /** Indexed by slot. */
  readonly known: (Known | undefined)[]
  /** By cell. */
  readonly gone: (Gone[] | undefined)[]
}

export function createBook(world: World): Book {
  return { world, changed: createChangedCells(world.grid.rows), known: [], gone: [] }
}

/** Compares with the truth. Call once after each step. */
export function updateBook(book: Book): void {
  const { world, known } = book
  beginTick(book.changed, world.tick)
  // Entities that went come first: another one may have their slot.
  for (let slot = 0; slot < known.length; slot++) {
    const before = known[slot]
    if (before !== undefined && before.entity !== world.slots[slot]) forget(book, before, slot)
  }
  for (const entity of world.players) follow(book, entity)
  for (const entity of world.creatures) follow(book, entity)
  for (const slot of world.components.changed) {
    const entity = world.slots[slot]
    if (entity !== undefined && !entity.unseen) markChanged(book.changed, world.tick, entity.cell)
  }
}

/** The cell in which an entity was at a tick, at most `windowTicks` ago. */
export function cellThen(known: Known, tick: number): number {
  for (const { at, from } of known.crossings) if (at > tick) return from
  return known.cell
}

function forget(book: Book, before: Known, slot: number): void {
  book.known[slot] = undefined
  noteGone(book, before.cell, before.entity.id, true)
}

function introduce({ world, changed, known }: Book, entity: Entity): void {
  const { x, y, heading, speed, cell } = entity
  const cameAt = world.tick
  known[entity.id & 0xffff] = {
    entity,
    x,
    y,
    heading,
    speed,
    cell,
    cameAt,
    turnedAt: cameAt,
    crossings: [],
  }
  markChanged(changed, cameAt, cell)
}

function follow(book: Book, entity: Entity): void {
  const known = book.known[entity.id & 0xffff]
  if (known === undefined) {
    introduce(book, entity)
    return
  }
  const { tick, tickHz } = book.world
  if (known.speed > 0) {
    known.x += dxOf(known.heading, known.speed, tickHz)
    known.y += dyOf(known.heading, known.speed, tickHz)
  }
  const crossed = known.cell !== entity.cell
  const turned =
    crossed ||
    known.x !== entity.x ||
    known.y !== entity.y ||
    known.heading !== entity.heading ||
    known.speed !== entity.speed
  if (!turned) return
  markChanged(book.changed, tick, entity.cell)
  known.turnedAt = tick
  if (crossed) {
    noteCrossing(known.crossings, tick, known.cell)
    noteGone(book, known.cell, entity.id, false)
  }
  known.x = entity.x
  known.y = entity.y
  known.heading = entity.heading
  known.speed = entity.speed
  known.cell = entity.cell
}

function noteCrossing(crossings: Crossing[], at: number, from: number): void {
  while (crossings.length > 0 && crossings[0]!.at <= at - windowTicks) crossings.shift()
  crossings.push({ at, from })
}

function noteGone({ world, changed, gone }: Book, cell: number, id: number, left: boolean): void {
  const at = world.tick
  markChanged(changed, at, cell)
  const here = (gone[cell] ??= [])
  while (here.length > 0 && here[0]!.at <= at - windowTicks) here.shift()
  here.push({ at, id, left })
}
