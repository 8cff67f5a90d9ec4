import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addCell, createCellSet, hasCell, intersect, removeCell } from '#gameserver/net/cell-set.ts'

test('a set of cells holds what was added and not removed, and meets another where both hold', () => {
  const rows = 40
  const cell = fc.integer({ min: 0, max: (rows << 8) - 1 })
  const cells = fc.uniqueArray(cell, { maxLength: 200 })
  fc.assert(
    fc.property(cells, cells, cells, (first, second, removed) => {
      const [a, b] = [createCellSet(rows), createCellSet(rows)]
      for (const one of first) addCell(a, one)
      for (const one of second) addCell(b, one)
      for (const one of removed) removeCell(a, one)
      const kept = first.filter((one) => !removed.includes(one))
      expect(first.filter((one) => hasCell(a, one))).toEqual(kept)
      const into = new Uint16Array(rows << 8)
      const window = { firstRow: 3, lastRow: 30, firstWord: 1, lastWord: 7 }
      const count = intersect(a, b, window, into)
      const inside = (one: number) => one >> 8 >= 3 && one >> 8 <= 30 && (one & 255) >= 32
      const both = kept.filter((one) => second.includes(one) && inside(one))
      expect([...into.subarray(0, count)]).toEqual(both.sort((x, y) => x - y))
    }),
  )
})
