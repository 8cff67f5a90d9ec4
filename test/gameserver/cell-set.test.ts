import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addCell,
  bitsBetween,
  createCellSet,
  hasCell,
  removeCell,
  uniteWith,
  writeRuns,
} from '#gameserver/net/cell-set.ts'

const rows = 40
const cell = fc.integer({ min: 0, max: (rows << 8) - 1 })
/** Runs long enough to fill words, and cells by themselves. */
const cells = fc
  .array(fc.tuple(cell, fc.constantFrom(1, 2, 31, 32, 33, 70)), { maxLength: 40 })
  .map((runs) => {
    const all = runs.flatMap(([first, length]) => Array.from({ length }, (_, i) => first + i))
    return [...new Set(all)].filter((one) => one < rows << 8)
  })

test('a set of cells holds what was added and not removed, and its runs hold what another has not', () => {
  fc.assert(
    fc.property(cells, cells, cells, (first, second, removed) => {
      const [a, b] = [createCellSet(rows), createCellSet(rows)]
      for (const one of first) addCell(a, one)
      for (const one of second) addCell(b, one)
      for (const one of removed) removeCell(a, one)
      const gone = new Set(removed)
      const kept = first.filter((one) => !gone.has(one))
      expect(first.filter((one) => hasCell(a, one))).toEqual(kept)
      const into = new Uint16Array(rows << 8)
      const window = { firstRow: 3, lastRow: 30, firstWord: 1, lastWord: 7 }
      const count = writeRuns(a, b, window, into)
      const found: number[] = []
      for (let i = 0; i < count; i += 2) {
        for (let one = into[i]!; one <= into[i + 1]!; one++) found.push(one)
      }
      const other = new Set(second)
      const inside = (one: number) => one >> 8 >= 3 && one >> 8 <= 30 && (one & 255) >= 32
      const alone = kept.filter((one) => !other.has(one) && inside(one))
      expect(found).toEqual(alone.sort((x, y) => x - y))
      uniteWith(a, b)
      expect([...kept, ...second].every((one) => hasCell(a, one))).toBe(true)
    }),
  )
})

test('bits between two columns are those of the word that lie between them', () => {
  const column = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 }), column, column, (word, first, last) => {
      const bits = bitsBetween(word, first, last)
      for (let bit = 0; bit < 32; bit++) {
        const at = word * 32 + bit
        expect((bits >>> bit) & 1).toBe(at >= first && at <= last ? 1 : 0)
      }
    }),
  )
})
