// Which entities are in which cell of 12.5 m. The grid follows each move: a crossing costs the same with any
// number of entities, and a cell without crossings costs nothing.
import { cellUnits } from '#shared/rules/units.ts'

/** The grid's fields in each entity: its cell, and its index in that cell's list. */
export type Placed = { cell: number; cellIndex: number }

export type Grid<T extends Placed> = {
  columns: number
  rows: number
  /** Indexed by cell number (column | row << 8); most stay empty. */
  cells: T[][]
}

export function createGrid<T extends Placed>(widthUnits: number, heightUnits: number): Grid<T> {
  const columns = Math.ceil(widthUnits / cellUnits)
  const rows = Math.ceil(heightUnits / cellUnits)
  return { columns, rows, cells: Array.from({ length: rows << 8 }, () => []) }
}

export function placeInCell<T extends Placed>(grid: Grid<T>, entity: T, cell: number): void {
  const there = grid.cells[cell]!
  entity.cell = cell
  entity.cellIndex = there.length
  there.push(entity)
}

/** Takes an entity out; the last of its cell takes its place in the list. */
export function takeFromCell<T extends Placed>(grid: Grid<T>, entity: T): void {
  const there = grid.cells[entity.cell]!
  const last = there.pop()!
  if (last === entity) return
  there[entity.cellIndex] = last
  last.cellIndex = entity.cellIndex
}
