// Content that changes while players are in: over real sockets, and in the world itself.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metresToUnits } from '#shared/rules/units.ts'
import { step } from '#gameserver/sim/step.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { coreRules } from '#gameserver/sim/rules.ts'
import type { Zone } from '#shared/content/content.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { deer, enterInput, testContent, testZone } from './world-kit.ts'

const creatures = new Map([[deer.id, deer]])
const wall = { x: 55, y: 55, width: 10, height: 10 }

describe('the world, given other content', () => {
  const change = (zone: Zone, of = creatures) =>
    ({ input: 'content', zone, creatures: of, ofGame: new Map() }) as const

  it('keeps the creatures that fit, adds and takes away the others', () => {
    const world = createWorld(testZone(), creatures, 1)
    const before = world.creatures.map(({ id }) => id)
    const group = { creature: 'deer', area: { x: 20, y: 20, width: 80, height: 80 } }
    step(world, [change(testZone({ creatures: [{ ...group, count: 15 }] }))])
    expect(world.creatures).toHaveLength(15)
    expect(world.creatures.map(({ id }) => id)).toEqual(expect.arrayContaining(before))
    const events = step(world, [change(testZone({ creatures: [{ ...group, count: 2 }] }))])
    expect(world.creatures).toHaveLength(2)
    expect(events.filter(({ event }) => event === 'left')).toHaveLength(13)
  })

  it('lets creatures walk at their new speed', () => {
    const world = createWorld(testZone(), creatures, 1)
    for (let i = 0; i < 100; i++) step(world, [])
    const slow = new Map([[deer.id, { ...deer, speed: 1 }]])
    step(world, [change(testZone(), slow)])
    for (let i = 0; i < 400; i++) {
      step(world, [])
      for (const { speed } of world.creatures) expect([0, 20]).toContain(speed)
    }
    expect(world.creatures.some(({ speed }) => speed === 20)).toBe(true)
  })

  it('has the creatures of its difficulty, before and after', () => {
    const area = { x: 20, y: 20, width: 80, height: 80 }
    const group = (count: number, difficulties?: string[]) => ({
      creature: 'deer',
      count,
      area,
      ...(difficulties === undefined ? {} : { difficulties }),
    })
    const zone = testZone({ creatures: [group(3), group(4, ['heroic']), group(5, ['other'])] })
    for (const [difficulty, count] of [
      [undefined, 3],
      ['normal', 3],
      ['heroic', 7],
    ] as const) {
      const facts = { instance: 'one', ofGame: new Map(), difficulty }
      const world = createWorld(zone, creatures, 1, coreRules, facts)
      expect(world.creatures).toHaveLength(count)
      expect(world.zone.difficulty).toBe(difficulty)
      step(world, [change(testZone({ creatures: [group(2), group(6, ['heroic'])] }))])
      expect(world.creatures).toHaveLength(difficulty === 'heroic' ? 8 : 2)
    }
  })

  it('leaves nobody in a new wall', () => {
    const world = createWorld(testZone({ creatures: [] }), creatures, 1)
    step(world, [enterInput(1, 60, 60), enterInput(2, 90, 90)])
    step(world, [change(testZone({ creatures: [], walls: [wall], spawn: { x: 20, y: 20 } }))])
    const [inside, outside] = world.players
    expect(inside).toMatchObject({ x: metresToUnits(20), y: metresToUnits(20), speed: 0 })
    expect(outside).toMatchObject({ x: metresToUnits(90), y: metresToUnits(90) })
    expect(world.grid.cells[inside!.cell]).toContain(inside)
  })
})

describe('a host, given other content', () => {
  let stage: Stage
  beforeEach(async () => {
    stage = await openStage()
  })
  afterEach(async () => {
    await stage.stop()
  })

  it('is announced to who is in, moves who stands in a wall, and welcomes others with the new version', async () => {
    const ann = await stage.join('ann', { x: 60, y: 60 })
    await ann.keyframe()
    const zone = testZone({ creatures: [], walls: [wall], spawn: { x: 20, y: 20 } })
    stage.host.takeContent({ ...testContent([zone]), version: 'next' })
    await ann.until(({ controls }) => controls.length > 0)
    expect(ann.controls).toEqual([{ kind: 'content', version: 'next' }])
    await ann.until((client) => client.latest()?.own.x === metresToUnits(20))
    const bob = await stage.join('bob', { x: 70, y: 70 })
    expect(await bob.welcome()).toMatchObject({ contentVersion: 'next' })
  })
})
