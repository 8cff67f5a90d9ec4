// Who is in which cell of 12.5 m. Kept up as entities move: a crossing costs the same however many
// there are, and cells that nobody enters or leaves cost nothing.
import { cellUnits } from '#shared/rules/units.ts'

/** What the grid keeps in each entity: its cell and its place in that cell's list. */
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
