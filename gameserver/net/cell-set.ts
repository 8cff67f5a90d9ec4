// A set of cells as bits, eight words for each row of 256 columns. Two of them are compared a word, that
// is 32 cells, at a time: a viewer finds out which of his eighty cells have changed in a dozen steps.

/** Bit `column & 31` of word `column >> 5` in row `row`: a cell is column | row << 8. */
export type CellSet = Uint32Array

/** Rows and words of a row, both ends included. */
export type CellWindow = { firstRow: number; lastRow: number; firstWord: number; lastWord: number }

export function createCellSet(rows: number): CellSet {
  return new Uint32Array(rows << 3)
}

export function addCell(set: CellSet, cell: number): void {
  set[cell >> 5]! |= 1 << (cell & 31)
}

export function removeCell(set: CellSet, cell: number): void {
  set[cell >> 5]! &= ~(1 << (cell & 31))
}

export function hasCell(set: CellSet, cell: number): boolean {
  return (set[cell >> 5]! & (1 << (cell & 31))) !== 0
}

/** Writes the cells of a window that are in both; answers how many. */
export function intersect(a: CellSet, b: CellSet, window: CellWindow, into: Uint16Array): number {
  const { firstRow, lastRow, firstWord, lastWord } = window
  let count = 0
  for (let row = firstRow; row <= lastRow; row++) {
    for (let word = (row << 3) | firstWord; word <= ((row << 3) | lastWord); word++) {
      let bits = a[word]! & b[word]!
      while (bits !== 0) {
        const lowest = bits & -bits
        into[count++] = (word << 5) | (31 - Math.clz32(lowest))
        bits ^= lowest
      }
    }
  }
  return count
}
