import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cosOf, dxOf, dyOf, headingTo, sinOf } from '#shared/rules/heading.ts'
import { BUTTON_WALK, stepPlayer, walk } from '#shared/rules/movement.ts'
import {
  metresToUnits,
  playerRadius,
  speedMax,
  speedOfMetres,
  speedOfSteps,
  stepsOf,
  walkSpeedSteps,
} from '#shared/rules/units.ts'
import { buildWalls } from '#shared/rules/walls.ts'

const metre = fc.integer({ min: 0, max: 60 })
const walls = fc.array(
  fc.record({
    x: metre,
    y: metre,
    width: fc.integer({ min: 1, max: 15 }),
    height: fc.integer({ min: 1, max: 15 }),
  }),
  { maxLength: 12 },
)
const heading = fc.nat(65_535)
const tickHz = fc.constantFrom(20, 30)
const zone = { width: 60, height: 60 }

describe('headings', () => {
  test('come from one table: 16384 at 0, and the turn is symmetrical', () => {
    expect([cosOf(0), sinOf(0), cosOf(16_384), sinOf(16_384)]).toEqual([16_384, 0, 0, 16_384])
    for (let i = 0; i < 1024; i++) {
      const at = i << 6
      // The table is the rounded cosine; Math.cos may differ in its last bit, far below half a step.
      expect(Math.abs(cosOf(at) - Math.cos((i / 512) * Math.PI) * 16_384)).toBeLessThanOrEqual(
        0.5001,
      )
      expect(cosOf((at + 32_768) & 0xffff) + cosOf(at)).toBe(0)
      expect(sinOf(at)).toBe(cosOf((at - 16_384) & 0xffff))
    }
  })

  test('towards a place are the last direction that is not past it', () => {
    const far = fc.integer({ min: -3_840_000, max: 3_840_000 })
    fc.assert(
      fc.property(far, far, (dx, dy) => {
        fc.pre(dx !== 0 || dy !== 0)
        const found = headingTo(dx, dy) >> 6
        const wanted = ((Math.atan2(dy, dx) / Math.PI) * 512 + 1024) % 1024
        const off = (wanted - found + 1024) % 1024
        // The rounding of the table may give a direction that is slightly past.
        expect(off < 1.01 || off > 1023.95).toBe(true)
      }),
    )
  })
})

describe('a body', () => {
  test('is never inside a wall or outside the zone, whatever its commands', () => {
    fc.assert(
      fc.property(
        walls,
        tickHz,
        metre,
        metre,
        fc.array(heading, { maxLength: 60 }),
        (boxes, hz, x, y, turns) => {
          const built = buildWalls({ ...zone, walls: boxes })
          const body = { x: metresToUnits(x), y: metresToUnits(y), heading: 0, speed: 0 }
          fc.pre(!built.blocked(body.x, body.y, playerRadius))
          for (const turn of turns) {
            for (let i = 0; i < 8; i++) {
              stepPlayer(
                body,
                { heading: turn, buttons: BUTTON_WALK },
                walkSpeedSteps,
                hz,
                built,
                playerRadius,
              )
              expect(built.blocked(body.x, body.y, playerRadius)).toBe(false)
            }
          }
        },
      ),
    )
  })

  test('that flies touches the first wall or edge on its way, however thin', () => {
    const way = fc.integer({ min: -4000, max: 4000 })
    fc.assert(
      fc.property(walls, metre, metre, way, way, fc.nat(600), (boxes, x, y, dx, dy, radius) => {
        const thin = { x: 30, y: 0, width: 0.01, height: 60 }
        const built = buildWalls({ ...zone, walls: [...boxes, thin] })
        const from = { x: metresToUnits(x), y: metresToUnits(y) }
        fc.pre(!built.blocked(from.x, from.y, radius))
        const blockedAt = (part: number) =>
          built.blocked(from.x + dx * part, from.y + dy * part, radius)
        const first = built.firstTouch(from.x, from.y, dx, dy, radius)
        for (let part = 0; part <= Math.min(1, first - 1e-6); part += 1 / 256) {
          expect(blockedAt(part)).toBe(false)
        }
        if (first < 1) expect(blockedAt(first + 1e-6)).toBe(true)
      }),
    )
  })

  test('moves in each tick exactly by the heading and speed it is left with', () => {
    fc.assert(
      fc.property(
        walls,
        tickHz,
        metre,
        metre,
        heading,
        fc.integer({ min: 0, max: speedMax }),
        (boxes, hz, x, y, turn, speed) => {
          const built = buildWalls({ ...zone, walls: boxes })
          const body = { x: metresToUnits(x), y: metresToUnits(y), heading: 0, speed: 0 }
          fc.pre(!built.blocked(body.x, body.y, playerRadius))
          for (let i = 0; i < 20; i++) {
            const before = { ...body }
            walk(body, turn, speed, hz, built, playerRadius)
            expect(body.x - before.x).toBe(dxOf(body.heading, body.speed, hz))
            expect(body.y - before.y).toBe(dyOf(body.heading, body.speed, hz))
            expect(body.speed).toBeLessThanOrEqual(speed)
          }
        },
      ),
    )
  })

  test('slides along a wall that it meets at an angle, and stands where it meets it straight', () => {
    const built = buildWalls({ ...zone, walls: [{ x: 30, y: 0, width: 2, height: 60 }] })
    const slanted = { x: metresToUnits(29.6), y: metresToUnits(30), heading: 0, speed: 0 }
    walk(slanted, 8192, 100, 20, built, playerRadius)
    expect(slanted).toEqual({
      x: metresToUnits(29.6),
      y: metresToUnits(30) + 210,
      heading: 16_384,
      speed: 70,
    })
    const straight = { x: metresToUnits(29.6), y: metresToUnits(30), heading: 0, speed: 100 }
    walk(straight, 0, 100, 20, built, playerRadius)
    expect(straight).toEqual({ x: metresToUnits(29.6), y: metresToUnits(30), heading: 0, speed: 0 })
  })

  test('walks the same way at 20 and at 30 ticks a second, to the unit along the axes', () => {
    expect(3 * dxOf(0, 100, 30)).toBe(2 * dxOf(0, 100, 20))
    expect(dxOf(0, 1, 20)).toBe(3)
    expect(dyOf(49_152, 255, 30)).toBe(-1294)
  })

  test('has a speed in one byte for what walks and what flies, fine below 10 m/s and coarse above', () => {
    for (const [metres, speed] of [
      [0, 0],
      [5, 100],
      [9.95, 199],
      [10.2, 200],
      [25, 237],
      [32.35, 255],
      [99, 255],
    ] as const) {
      expect(speedOfMetres(metres)).toBe(speed)
    }
    for (let speed = 0; speed <= speedMax; speed++) {
      expect(speedOfSteps(stepsOf(speed))).toBe(speed)
      expect(speedOfMetres(stepsOf(speed) / 20)).toBe(speed)
    }
  })
})
