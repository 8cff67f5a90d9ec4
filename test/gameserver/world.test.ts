// The simulation alone: the same inputs give the same bytes, and the rules of commands, gates and creatures.
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Writer } from '#shared/protocol/bytes.ts'
import { inputBacklogMax, inputRepeatTicks } from '#shared/limits.ts'
import {
  createCommands,
  haltCommands,
  offerCommand,
  takeCommand,
} from '#gameserver/sim/commands.ts'
import { between, createRandom, nextU32 } from '#gameserver/sim/random.ts'
import { nameOf } from '#gameserver/sim/slots.ts'
import { step } from '#gameserver/sim/step.ts'
import { entityOf } from '#gameserver/sim/slots.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import type { World, WorldInput } from '#gameserver/sim/world.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

const creatures = new Map([[deer.id, deer]])

/** The whole state that the next tick depends on. */
function digest(world: World): string {
  const w = new Writer(4096).u32(world.tick).u32(world.wanderFrom)
  for (const word of world.random) w.u32(word)
  for (const entity of [...world.players, ...world.creatures]) {
    w.u24(entity.id).u32(entity.x).u32(entity.y).u16(entity.heading).u8(entity.speed)
    w.u16(entity.cell).u16(entity.cellIndex).text8(nameOf(world, entity))
    if (entity.wander !== undefined) w.u32(entity.wander.until)
    if (entity.commands !== undefined) w.text16(JSON.stringify(entity.commands))
  }
  return createHash('sha256').update(w.view()).digest('hex')
}

const anyInput: fc.Arbitrary<WorldInput> = fc.oneof(
  fc
    .record({
      ref: fc.nat(99),
      x: fc.integer({ min: -5, max: 130 }),
      y: fc.integer({ min: -5, max: 130 }),
    })
    .map(({ ref, x, y }) => enterInput(ref, x, y)),
  fc.record({
    input: fc.constant('leave' as const),
    id: fc.nat(20).map((slot) => slot | (1 << 16)),
  }),
  fc.record({
    input: fc.constant('halt' as const),
    id: fc.nat(20).map((slot) => slot | (1 << 16)),
  }),
  fc.record({
    input: fc.constant('commands' as const),
    id: fc.nat(20).map((slot) => slot | (1 << 16)),
    first: fc.nat(40),
    commands: fc.array(fc.record({ heading: fc.nat(65_535), buttons: fc.nat(255) }), {
      maxLength: 4,
    }),
  }),
)

describe('a world', () => {
  test('repeats itself to the bit from the same seed and inputs', () => {
    const steps = fc.array(fc.array(anyInput, { maxLength: 6 }), { maxLength: 60 })
    fc.assert(
      fc.property(fc.nat(), steps, (seed, inputs) => {
        const run = () => {
          const world = createWorld(testZone(), creatures, seed)
          return inputs.map((of) => {
            step(world, of)
            return digest(world)
          })
        }
        expect(run()).toEqual(run())
      }),
      { numRuns: 50 },
    )
  })

  test('goes another way from another seed', () => {
    const run = (seed: number) => digest(createWorld(testZone(), creatures, seed))
    expect(run(1)).not.toBe(run(2))
  })

  test('keeps every body free of walls and in the list of its cell', () => {
    const steps = fc.array(fc.array(anyInput, { maxLength: 6 }), { maxLength: 80 })
    fc.assert(
      fc.property(fc.nat(), steps, (seed, inputs) => {
        const world = createWorld(testZone(), creatures, seed)
        for (const of of inputs) step(world, of)
        for (const entity of [...world.players, ...world.creatures]) {
          expect(world.walls.blocked(entity.x, entity.y, entity.radius)).toBe(false)
          expect(world.grid.cells[entity.cell]![entity.cellIndex]).toBe(entity)
          expect(entityOf(world, entity.id)).toBe(entity)
        }
        const listed = world.grid.cells.reduce((sum, cell) => sum + cell.length, 0)
        expect(listed).toBe(world.players.length + world.creatures.length)
      }),
      { numRuns: 50 },
    )
  })

  test('gives the slot of somebody who left a new id', () => {
    const world = createWorld(testZone({ creatures: [] }), creatures, 1)
    const ids = new Set<number>()
    for (let i = 0; i < 255; i++) {
      const [entered] = step(world, [enterInput(i, 60, 60)])
      if (entered?.event !== 'entered') throw new Error('nobody entered')
      ids.add(entered.entity.id)
      step(world, [{ input: 'leave', id: entered.entity.id }])
    }
    expect(ids.size).toBe(255)
    expect(ids.has(0)).toBe(false)
  })

  test('lets creatures stray, but not out of their radius, and pause', () => {
    const world = createWorld(testZone(), creatures, 5)
    const began = world.creatures.map(({ x, y }) => ({ x, y }))
    const moved = new Set<number>()
    let standing = 0
    for (let i = 0; i < 2000; i++) {
      step(world, [])
      for (const [index, creature] of world.creatures.entries()) {
        const { x, y } = began[index]!
        const away = Math.hypot(creature.x - x, creature.y - y)
        expect(away).toBeLessThanOrEqual(creature.wander!.radius)
        if (away > 0) moved.add(index)
        if (creature.speed === 0) standing++
      }
    }
    expect(moved.size).toBe(world.creatures.length)
    expect(standing).toBeGreaterThan(1000)
  })
})

describe('commands', () => {
  const drain = (commands: ReturnType<typeof createCommands>, ticks: number) =>
    Array.from({ length: ticks }, () => takeCommand(commands))

  test('are taken one a tick by their number', () => {
    const commands = createCommands(0)
    for (let number = 1; number <= 3; number++) offerCommand(commands, number, number * 100, 1)
    expect(drain(commands, 1)).toEqual(['applied'])
    expect([commands.heading, commands.expected]).toEqual([100, 2])
    expect(drain(commands, 2)).toEqual(['applied', 'applied'])
    expect([commands.heading, commands.expected]).toEqual([300, 4])
  })

  test('that are missing repeat the last for ten ticks, numbers running on; then the player stands', () => {
    const commands = createCommands(0)
    offerCommand(commands, 1, 700, 1)
    expect(drain(commands, 1 + inputRepeatTicks + 3)).toEqual([
      'applied',
      ...Array.from({ length: inputRepeatTicks }, () => 'missing'),
      'standing',
      'standing',
      'standing',
    ])
    expect(commands.expected).toBe(2 + inputRepeatTicks)
    offerCommand(commands, 40, 900, 1)
    expect(drain(commands, 1)).toEqual(['applied'])
    expect(commands.expected).toBe(41)
  })

  test('that come late are not taken, but steer what is repeated', () => {
    const commands = createCommands(0)
    offerCommand(commands, 1, 100, 1)
    drain(commands, 3)
    offerCommand(commands, 2, 200, 1)
    expect(drain(commands, 1)).toEqual(['missing'])
    expect([commands.heading, commands.expected, commands.waiting]).toEqual([200, 5, 0])
  })

  test('with numbers that do not rise, or lie more than a minute ahead, are dropped', () => {
    const commands = createCommands(0)
    offerCommand(commands, 5, 500, 1)
    offerCommand(commands, 5, 501, 1)
    offerCommand(commands, 4, 400, 1)
    offerCommand(commands, 1 + 1200 + 1, 1, 1)
    expect(commands.waiting).toBe(1)
    expect(drain(commands, 2)).toEqual(['applied', 'missing'])
    expect(commands.heading).toBe(500)
  })

  test('beyond eight push the oldest out', () => {
    const commands = createCommands(0)
    for (let number = 1; number <= inputBacklogMax + 2; number++)
      offerCommand(commands, number, number, 1)
    expect(commands.waiting).toBe(inputBacklogMax)
    expect(commands.dropped).toBe(true)
    expect(drain(commands, 1)).toEqual(['applied'])
    expect([commands.heading, commands.expected]).toEqual([3, 4])
  })

  test('never move a player more often than once a tick, and the number taken never falls', () => {
    const offer = fc.record({
      number: fc.nat(60),
      ticks: fc.nat(3),
      halt: fc.constantFrom(false, false, false, true),
    })
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 80 }), (offers) => {
        const commands = createCommands(0)
        let last = commands.expected
        for (const { number, ticks, halt } of offers) {
          offerCommand(commands, number, 0, 1)
          if (halt) haltCommands(commands, () => undefined)
          for (let i = 0; i < ticks; i++) {
            const before = commands.expected
            const taken = takeCommand(commands)
            if (taken === 'missing') expect(commands.expected).toBe(before + 1)
            expect(commands.expected).toBeGreaterThanOrEqual(last)
            last = commands.expected
          }
          expect(commands.waiting).toBeLessThanOrEqual(inputBacklogMax)
        }
      }),
    )
  })
})

describe('chance', () => {
  test('follows its seed: the first words of a known one', () => {
    const random = createRandom(42)
    const words = Array.from({ length: 4 }, () => nextU32(random))
    expect(words).toMatchInlineSnapshot(`
      [
        847936618,
        893415751,
        3393032624,
        2180834394,
      ]
    `)
  })

  test('covers a range evenly and never leaves it', () => {
    const random = createRandom(1)
    const counts = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 100_000; i++) counts[between(random, 5, 14) - 5]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  test('draws from ranges of any width by one word, exactly', () => {
    const counts = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 32 }),
      fc.constantFrom(2 ** 21 + 1, 2 ** 32),
    )
    fc.assert(
      fc.property(fc.nat(), counts, (seed, count) => {
        const word = nextU32(createRandom(seed))
        const exact = Number((BigInt(word) * BigInt(count)) >> 32n)
        expect(between(createRandom(seed), -7, count - 8)).toBe(exact - 7)
      }),
    )
  })

  test('refuses a range that is none', () => {
    const random = createRandom(1)
    for (const [low, high] of [
      [2, 1],
      [0, 2 ** 32],
      [0.5, 2],
      [0, Number.NaN],
    ] as const) {
      expect(() => between(random, low, high)).toThrow(RangeError)
    }
  })
})
