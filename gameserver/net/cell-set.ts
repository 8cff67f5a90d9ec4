// A set of cells as bits, eight words for each row of 256 columns. A viewer's is a disk: a run of cells in
// each of its rows.

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

/** Adds all that another set of the same zone holds. */
export function uniteWith(set: CellSet, other: CellSet): void {
  for (let word = 0; word < set.length; word++) set[word]! |= other[word]!
}

/**
 * Writes the runs of cells side by side in a window that are in one set and not in another, as first and
 * last cell of each, by rising numbers. Returns how many numbers. Runs end with a word.
 */
export function writeRuns(
  set: CellSet,
  without: CellSet,
  { firstRow, lastRow, firstWord, lastWord }: CellWindow,
  into: Uint16Array,
): number {
  let count = 0
  for (let row = firstRow; row <= lastRow; row++) {
    for (let word = (row << 3) | firstWord; word <= ((row << 3) | lastWord); word++) {
      let bits = set[word]! & ~without[word]!
      while (bits !== 0) {
        const first = 31 - Math.clz32(bits & -bits)
        // The lowest bit from there on that is not set; 32 when there is none.
        const gap = ~(bits >>> first)
        const length = gap === 0 ? 32 : 31 - Math.clz32(gap & -gap)
        into[count++] = (word << 5) | first
        into[count++] = (word << 5) | (first + length - 1)
        const next = first + length
        bits = next >= 32 ? 0 : (bits >>> next) << next
      }
    }
  }
  return count
}

/** Bits of the columns of a word from `first` to `last`, both included; columns outside of it are cut. */
export function bitsBetween(word: number, first: number, last: number): number {
  const low = Math.max(0, first - (word << 5))
  const high = Math.min(31, last - (word << 5))
  return low > high ? 0 : (-1 << low) & (-1 >>> (31 - high))
}
