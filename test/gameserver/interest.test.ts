import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addCell, createCellSet } from '#gameserver/net/cell-set.ts'
import { createInterest } from '#gameserver/net/interest.ts'

test('every subscribed cell that changes is found, up to the very edge, over random walks', () => {
  const [columns, rows] = [64, 20]
  const everything = createCellSet(rows)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) addCell(everything, column | (row << 8))
  }
  // Steps of a fiftieth of a cell, so that edges of cells lie just at the distances that count.
  const step = 300
  const place = fc.record({
    dx: fc.integer({ min: -20, max: 20 }),
    dy: fc.integer({ min: -20, max: 20 }),
  })
  const start = fc.record({
    x: fc.integer({ min: 0, max: 3000 }),
    y: fc.integer({ min: 0, max: 900 }),
  })
  fc.assert(
    fc.property(start, fc.array(place, { maxLength: 60 }), ({ x, y }, walk) => {
      const interest = createInterest(columns, rows, 24_000)
      const found = new Uint16Array(rows << 8)
      let [column, row] = [x, y]
      for (const { dx, dy } of walk) {
        column = Math.min(3000, Math.max(0, column + dx))
        row = Math.min(900, Math.max(0, row + dy))
        interest.look(column * step, row * step)
        const count = interest.among(everything, found)
        expect([...found.subarray(0, count)]).toEqual(interest.cells.toSorted((a, b) => a - b))
      }
    }),
    { numRuns: 300 },
  )
})
