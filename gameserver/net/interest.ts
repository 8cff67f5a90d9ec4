// Area of interest: the set of cells a viewer is subscribed to. A cell joins when it comes within the
// zone's view radius and goes when it is half a cell farther than that, so that walking along a border
// does not subscribe and drop in turn.
import { cellUnits } from '#shared/rules/units.ts'
import { addCell, createCellSet, hasCell, intersect, removeCell } from './cell-set.ts'
import type { CellSet } from './cell-set.ts'

/** How far a viewer walks before its cells are looked at again: 1.5 m, five or six ticks. */
const refreshUnits = 1800
const hysteresisUnits = cellUnits / 2

export type Interest = {
  /** Cells subscribed as of the last frame, in no order. */
  readonly cells: readonly number[]
  has(cell: number): boolean
  /**
   * Looks from a place: fills `added` and `dropped`. What was subscribed before can still be asked for
   * by `had` until the next call.
   */
  look(x: number, y: number): void
  readonly added: readonly number[]
  readonly dropped: readonly number[]
  /** Whether a cell was subscribed before the latest `look`. */
  had(cell: number): boolean
  /** Writes the subscribed cells that are in a set of the same zone; answers how many. */
  among(set: CellSet, into: Uint16Array): number
}

export function createInterest(columns: number, rows: number, radiusUnits: number): Interest {
  const subscribed = createCellSet(rows)
  const addedNow = createCellSet(rows)
  /** Holds everything subscribed. */
  const window = { firstRow: 0, lastRow: -1, firstWord: 0, lastWord: -1 }
  let cells: number[] = []
  const added: number[] = []
  const dropped: number[] = []
  let lastX = Number.NaN
  let lastY = Number.NaN
  // Between two looks the viewer may come this much nearer (the diagonal of the refresh square).
  const joinAt = radiusUnits + refreshUnits * 1.5
  const dropAt = joinAt + hysteresisUnits

  const refresh = (x: number, y: number) => {
    for (const cell of cells) {
      if (distanceSquared(cell, x, y) <= dropAt * dropAt) continue
      dropped.push(cell)
      removeCell(subscribed, cell)
    }
    if (dropped.length > 0) cells = cells.filter((cell) => hasCell(subscribed, cell))
    // A cell whose far edge is just `dropAt` away is still held: it ends where the next one begins.
    window.firstRow = Math.max(0, Math.ceil((y - dropAt) / cellUnits) - 1)
    window.lastRow = Math.min(rows - 1, Math.floor((y + dropAt) / cellUnits))
    window.firstWord = Math.max(0, Math.ceil((x - dropAt) / cellUnits) - 1) >> 5
    window.lastWord = Math.min(columns - 1, Math.floor((x + dropAt) / cellUnits)) >> 5
    const firstColumn = Math.max(0, Math.floor((x - joinAt) / cellUnits))
    const lastColumn = Math.min(columns - 1, Math.floor((x + joinAt) / cellUnits))
    const firstRow = Math.max(0, Math.floor((y - joinAt) / cellUnits))
    const lastRow = Math.min(rows - 1, Math.floor((y + joinAt) / cellUnits))
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const cell = column | (row << 8)
        if (hasCell(subscribed, cell) || distanceSquared(cell, x, y) > joinAt * joinAt) continue
        addCell(subscribed, cell)
        addCell(addedNow, cell)
        cells.push(cell)
        added.push(cell)
      }
    }
  }

  return {
    get cells() {
      return cells
    },
    has: (cell) => hasCell(subscribed, cell),
    look(x, y) {
      for (const cell of added) removeCell(addedNow, cell)
      added.length = 0
      dropped.length = 0
      if (Math.abs(x - lastX) < refreshUnits && Math.abs(y - lastY) < refreshUnits) return
      lastX = x
      lastY = y
      refresh(x, y)
    },
    added,
    dropped,
    had: (cell) =>
      (hasCell(subscribed, cell) && !hasCell(addedNow, cell)) || dropped.includes(cell),
    among: (set, into) => intersect(subscribed, set, window, into),
  }
}

/** From a place to the nearest point of a cell, squared. */
function distanceSquared(cell: number, x: number, y: number): number {
  const left = (cell & 255) * cellUnits
  const top = (cell >> 8) * cellUnits
  const dx = x < left ? left - x : x > left + cellUnits ? x - left - cellUnits : 0
  const dy = y < top ? top - y : y > top + cellUnits ? y - top - cellUnits : 0
  return dx * dx + dy * dy
}
