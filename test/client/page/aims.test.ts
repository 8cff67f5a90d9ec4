import { describe, expect, it } from 'vitest'
import { aimOf } from '#client/page/aims.ts'
import type { Around } from '#client/page/aims.ts'
import { metresToUnits } from '#shared/rules/units.ts'

const metres = (x: number, y: number) => ({ x: metresToUnits(x), y: metresToUnits(y) })
const east = 0
const south = 16_384

const around = (more: Partial<Around> = {}): Around => ({
  self: { ...metres(10, 10), heading: south },
  pointer: metres(14, 10),
  others: [
    { id: 1, ...metres(13, 10) },
    { id: 2, ...metres(10, 12) },
    { id: 3, ...metres(10, 17) },
    { id: 4, ...metres(10, 9.5) },
  ],
  range: metresToUnits(20),
  ...more,
})

describe('an aim', () => {
  it('needs nothing where the ability aims at nothing', () => {
    expect(aimOf('none', 'pointer', around())).toEqual({ aim: 'none' })
  })

  it('at a heading goes towards the pointer, or where the player looks', () => {
    expect(aimOf('heading', 'pointer', around())).toEqual({ aim: 'heading', heading: east })
    expect(aimOf('heading', 'facing', around())).toEqual({ aim: 'heading', heading: south })
    const blind = around({ pointer: undefined })
    expect(aimOf('heading', 'pointer', blind)).toEqual({ aim: 'heading', heading: south })
  })

  it('at a place is the pointer, or a place in front within the range', () => {
    expect(aimOf('place', 'pointer', around())).toEqual({ aim: 'place', ...metres(14, 10) })
    expect(aimOf('place', 'facing', around())).toEqual({ aim: 'place', ...metres(10, 15) })
    const near = around({ range: metresToUnits(2) })
    expect(aimOf('place', 'facing', near)).toEqual({ aim: 'place', ...metres(10, 12) })
  })

  it('at an entity is the nearest to the pointer, or the nearest in front', () => {
    expect(aimOf('entity', 'pointer', around())).toEqual({ aim: 'entity', id: 1 })
    expect(aimOf('entity', 'pointer', around({ pointer: metres(30, 30) }))).toBeUndefined()
    // Number 4 is nearer, but behind.
    expect(aimOf('entity', 'facing', around())).toEqual({ aim: 'entity', id: 2 })
    expect(aimOf('entity', 'facing', around({ range: metresToUnits(1) }))).toBeUndefined()
  })
})
