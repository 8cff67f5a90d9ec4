// Area of interest: the set of cells a viewer is subscribed to. A cell joins when it comes within the
// zone's view radius and goes when it is half a cell farther than that, so that walking along a border
// does not subscribe and drop in turn.
//
// Both borders are circles, so in each row of cells those within are side by side: they are found and
// compared 32 at a time.
import { cellUnits } from '#shared/rules/units.ts'
import { addCell, bitsBetween, createCellSet, hasCell, removeCell, writeRuns } from './cell-set.ts'
import type { CellSet, CellWindow } from './cell-set.ts'

/** How far a viewer walks before its cells are looked at again: 1.5 m, five or six ticks. */
const refreshUnits = 1800
const hysteresisUnits = cellUnits / 2

export type Interest = {
  /** Whether a cell is subscribed, as of the latest `moveTo`. */
  has(cell: number): boolean
  /**
   * Moves the viewer to a position: fills `added` and `dropped`. Until the next call `had` still answers for
   * the cells that were subscribed before.
   */
  moveTo(x: number, y: number): void
  readonly added: readonly number[]
  readonly dropped: readonly number[]
  /** Whether a cell was subscribed before the latest `moveTo`. */
  had(cell: number): boolean
  /**
   * Writes the runs of cells that are subscribed (`all`), or that were already before the latest `moveTo`
   * (`kept`), as first and last cell of each. Returns how many numbers.
   */
  runs(which: 'all' | 'kept', into: Uint16Array): number
}

export function createInterest(columns: number, rows: number, radiusUnits: number): Interest {
  const subscribed = createCellSet(rows)
  const addedNow = createCellSet(rows)
  const none = emptySet(rows)
  /** Holds everything subscribed. */
  let window: CellWindow = { firstRow: 0, lastRow: -1, firstWord: 0, lastWord: -1 }
  const added: number[] = []
  const dropped: number[] = []
  let lastX = Number.NaN
  let lastY = Number.NaN
  // Between two calls of `moveTo` the viewer may come this much nearer (the diagonal of the refresh square).
  const joinAt = radiusUnits + refreshUnits * 1.5
  const dropAt = joinAt + hysteresisUnits

  const refresh = (x: number, y: number) => {
    const before = window
    window = {
      firstRow: firstWithin(y, dropAt),
      lastRow: lastWithin(y, dropAt, rows),
      firstWord: firstWithin(x, dropAt) >> 5,
      lastWord: lastWithin(x, dropAt, columns) >> 5,
    }
    const { firstRow, lastRow, firstWord, lastWord } = union(before, window)
    for (let row = firstRow; row <= lastRow; row++) {
      const isInside = row >= window.firstRow && row <= window.lastRow
      const away = isInside ? distanceToRow(row, y) : Number.POSITIVE_INFINITY
      // Half the widths of the two circles in this row; not a number where it lies outside.
      const join = Math.sqrt(joinAt * joinAt - away * away)
      const keep = Math.sqrt(dropAt * dropAt - away * away)
      const joinFirst = firstWithin(x, join)
      const joinLast = lastWithin(x, join, columns)
      const keepFirst = firstWithin(x, keep)
      const keepLast = lastWithin(x, keep, columns)
      for (let word = firstWord; word <= lastWord; word++) {
        const at = (row << 3) | word
        const old = subscribed[at]!
        const joining = bitsBetween(word, joinFirst, joinLast)
        const now = joining | (old & bitsBetween(word, keepFirst, keepLast))
        if (now === (old | 0)) continue
        subscribed[at] = now
        for (let bits = now & ~old; bits !== 0; bits &= bits - 1) added.push(lowest(at, bits))
        for (let bits = old & ~now; bits !== 0; bits &= bits - 1) dropped.push(lowest(at, bits))
      }
    }
    for (const cell of added) addCell(addedNow, cell)
  }

  return {
    has: (cell) => hasCell(subscribed, cell),
    moveTo(x, y) {
      if (added.length > 0) {
        for (const cell of added) removeCell(addedNow, cell)
        added.length = 0
      }
      if (dropped.length > 0) dropped.length = 0
      if (Math.abs(x - lastX) < refreshUnits && Math.abs(y - lastY) < refreshUnits) return
      lastX = x
      lastY = y
      refresh(x, y)
    },
    added,
    dropped,
    had: (cell) =>
      (hasCell(subscribed, cell) && !hasCell(addedNow, cell)) || dropped.includes(cell),
    runs: (which, into) => writeRuns(subscribed, which === 'all' ? none : addedNow, window, into),
  }
}

/** One for all viewers of zones of the same size. */
const emptySets: (CellSet | undefined)[] = []

function emptySet(rows: number): CellSet {
  return (emptySets[rows] ??= createCellSet(rows))
}

function lowest(word: number, bits: number): number {
  return (word << 5) | (31 - Math.clz32(bits & -bits))
}

/** The smallest window that holds two; the first may be empty. */
function union(a: CellWindow, b: CellWindow): CellWindow {
  if (a.lastRow < a.firstRow) return b
  return {
    firstRow: Math.min(a.firstRow, b.firstRow),
    lastRow: Math.max(a.lastRow, b.lastRow),
    firstWord: Math.min(a.firstWord, b.firstWord),
    lastWord: Math.max(a.lastWord, b.lastWord),
  }
}

/** From a place to the nearest point of a row of cells. */
function distanceToRow(row: number, y: number): number {
  const top = row * cellUnits
  return y < top ? top - y : Math.max(0, y - top - cellUnits)
}

/**
 * The columns, or rows, that lie within `half` of a place; none when it is not a number. One whose far edge
 * is just that far away is within.
 */
function firstWithin(at: number, half: number): number {
  return Number.isNaN(half) ? 1 : Math.max(0, Math.ceil((at - half) / cellUnits) - 1)
}

function lastWithin(at: number, half: number, count: number): number {
  return Number.isNaN(half) ? 0 : Math.min(count - 1, Math.floor((at + half) / cellUnits))
}
