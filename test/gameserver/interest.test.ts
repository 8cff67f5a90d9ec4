import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createInterest } from '#gameserver/net/interest.ts'
import { cellUnits, metresToUnits } from '#shared/rules/units.ts'

const columns = 70
const rows = 60
const radius = metresToUnits(20)

type Interest = ReturnType<typeof createInterest>

function subscribed(interest: Interest, which: 'all' | 'kept' = 'all'): number[] {
  const runs = new Uint16Array(rows << 8)
  const count = interest.runs(which, runs)
  const found: number[] = []
  for (let i = 0; i < count; i += 2) {
    for (let cell = runs[i]!; cell <= runs[i + 1]!; cell++) found.push(cell)
  }
  return found
}

/** From a place to the nearest point of a cell. */
function distance(cell: number, x: number, y: number): number {
  const [left, top] = [(cell & 255) * cellUnits, (cell >> 8) * cellUnits]
  const dx = Math.max(left - x, 0, x - left - cellUnits)
  const dy = Math.max(top - y, 0, y - top - cellUnits)
  return Math.hypot(dx, dy)
}

test('holds every cell within the radius and none that is far beyond, and says what changed', () => {
  const place = fc.record({
    x: fc.integer({ min: 0, max: columns * cellUnits - 1 }),
    y: fc.integer({ min: 0, max: rows * cellUnits - 1 }),
    /** Steps of a walk from there: short ones, and a leap now and then. */
    walk: fc.array(
      fc.record({
        dx: fc.integer({ min: -4000, max: 4000 }),
        dy: fc.integer({ min: -4000, max: 4000 }),
      }),
      { maxLength: 20 },
    ),
  })
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 4 }), (places) => {
      const interest = createInterest(columns, rows, radius)
      let before: number[] = []
      for (const { x: fromX, y: fromY, walk } of places) {
        let [x, y] = [fromX, fromY]
        for (const { dx, dy } of [{ dx: 0, dy: 0 }, ...walk]) {
          x = Math.min(columns * cellUnits - 1, Math.max(0, x + dx))
          y = Math.min(rows * cellUnits - 1, Math.max(0, y + dy))
          interest.moveTo(x, y)
          const now = subscribed(interest)
          const known = new Set(now)
          // By hand: an assertion a cell would take most of the test's time.
          for (let cell = 0; cell < rows << 8; cell++) {
            if ((cell & 255) >= columns) continue
            const away = distance(cell, x, y)
            const must = away <= radius
            const may = away <= radius + metresToUnits(8.5) + 1800 * 1.5
            const right = known.has(cell) ? may : !must
            if (!right || interest.has(cell) !== known.has(cell)) throw new Error(`cell ${cell}`)
          }
          const had = new Set(before)
          expect([...interest.added].sort(byNumber)).toEqual(now.filter((cell) => !had.has(cell)))
          expect([...interest.dropped].sort(byNumber)).toEqual(
            before.filter((cell) => !known.has(cell)),
          )
          expect(subscribed(interest, 'kept')).toEqual(now.filter((cell) => had.has(cell)))
          expect(before.every(interest.had)).toBe(true)
          expect(interest.added.some(interest.had)).toBe(false)
          before = now
        }
      }
    }),
    { numRuns: 20 },
  )
})

test('every subscribed cell is sent, up to the very edge, over random walks', () => {
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
  const all = Array.from({ length: rows << 8 }, (_, cell) => cell)
  fc.assert(
    fc.property(start, fc.array(place, { maxLength: 60 }), ({ x, y }, walk) => {
      const interest = createInterest(columns, rows, radius)
      let [column, row] = [x, y]
      for (const { dx, dy } of walk) {
        column = Math.min(3000, Math.max(0, column + dx))
        row = Math.min(900, Math.max(0, row + dy))
        interest.moveTo(column * step, row * step)
        expect(subscribed(interest)).toEqual(all.filter(interest.has))
      }
    }),
    { numRuns: 100 },
  )
})

function byNumber(a: number, b: number): number {
  return a - b
}
