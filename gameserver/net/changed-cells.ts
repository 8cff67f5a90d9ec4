// The cells in which something changed, for each of the latest ticks.
import { addCell, createCellSet, uniteWith } from './cell-set.ts'
import type { CellSet } from './cell-set.ts'

/**
 * How many ticks back changes are remembered: four between frames of a host under load, and four more
 * that it made up for without a frame.
 */
export const windowTicks = 8

export type ChangedCells = {
  /** A ring of the latest ticks. */
  readonly inTick: readonly CellSet[]
  /** By the number of ticks looked back: the union, as of a tick. */
  readonly together: readonly { at: number; cells: CellSet }[]
}

export function createChangedCells(rows: number): ChangedCells {
  return {
    inTick: Array.from({ length: windowTicks }, () => createCellSet(rows)),
    together: Array.from({ length: windowTicks + 1 }, () => {
      return { at: -1, cells: createCellSet(rows) }
    }),
  }
}

/** Call once for each tick, before `markChanged`. */
export function beginTick({ inTick }: ChangedCells, tick: number): void {
  inTick[tick % windowTicks]!.fill(0)
}

export function markChanged({ inTick }: ChangedCells, tick: number, cell: number): void {
  addCell(inTick[tick % windowTicks]!, cell)
}

/** The cells in which something changed after a tick, at most `windowTicks` before `tick`. */
export function changedCells(
  { inTick, together }: ChangedCells,
  tick: number,
  since: number,
): CellSet {
  const back = tick - since
  if (back === 1) return inTick[tick % windowTicks]!
  const union = together[back]!
  if (union.at !== tick) {
    union.at = tick
    union.cells.fill(0)
    for (let at = since + 1; at <= tick; at++) uniteWith(union.cells, inTick[at % windowTicks]!)
  }
  return union.cells
}
