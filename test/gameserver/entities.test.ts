// Entities under a game that follows the rules, and under one that does not.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  broadcast,
  despawn,
  get,
  near,
  place,
  sendTo,
  set,
  spawn,
  stand,
} from '#gameserver/sim/entities.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { zoneRules } from '#gameserver/sim/rules.ts'
import type { CoreSystem, GameSystem } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import type { Entity, GameEntity, GameWorld } from '#gameserver/sim/world.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { Name } from '#shared/components/core.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { expectTruth, stage } from './view-kit.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

const kinds = new Map([[deer.id, deer]])
const newWorld = () => createWorld(testZone({ creatures: [] }), kinds, 1)
const at = (x: number, y: number) => ({ x: metresToUnits(x), y: metresToUnits(y) })

function made(world: GameWorld, x: number, y: number): GameEntity {
  const entity = spawn(world, 'deer', at(x, y))
  if (typeof entity === 'string') throw new Error(`refused: ${entity}`)
  return entity
}

describe('an entity', () => {
  test('is made where its body is free, and refused by name elsewhere', () => {
    const world = newWorld()
    expect(made(world, 60, 60)).toMatchObject({
      archetype: { name: 'creature', body: 'walker' },
      ...at(60, 60),
    })
    expect(spawn(world, 'deer', at(45, 41))).toBe('blocked')
    expect(spawn(world, 'deer', at(-1, 60))).toBe('outside')
    expect(spawn(world, 'deer', at(119.9, 60))).toBe('outside')
    expect(spawn(world, 'deer', { x: 5_000_000_000, y: 1000 })).toBe('outside')
    expect(() => spawn(world, 'deer', { x: Number.NaN, y: 0 })).toThrow('deer: x is NaN')
    expect(() => spawn(world, 'deer', { x: 60_000.5, y: 60_000 })).toThrow('x is 60000.5')
    expect(() => spawn(world, 'deer', { ...at(60, 60), heading: 65_536 })).toThrow(
      'heading is 65536',
    )
    expect(() => spawn(world, 'unicorn', at(60, 60))).toThrow('no creature unicorn')
    expect(world.creatures).toHaveLength(1)
  })

  test('that is gone refuses everything, and harms nothing', () => {
    const world = newWorld()
    const entity = made(world, 60, 60)
    step(world, [])
    expect(despawn(world, entity)).toBe('despawned')
    const before = world.events.length
    const other = made(world, 60, 60)
    expect(despawn(world, entity)).toBe('gone')
    expect(place(world, entity, at(30, 30))).toBe('gone')
    expect(stand(world, entity, 5)).toBe('gone')
    expect(sendTo(world, entity, 'game.hi', {})).toBe('gone')
    expect(broadcast(world, entity, 'game.hi', {})).toBe('gone')
    expect(set(world, entity, Name, { text: 'Ghost' })).toBe('gone')
    expect(get(world, other, Name)).toEqual({ text: 'Deer' })
    expect(world.events).toHaveLength(before)
    expect(world.creatures).toEqual([other])
  })

  test('beyond 65,536 is refused', { timeout: 60_000 }, () => {
    const world = newWorld()
    for (let i = 0; i < 65_536; i++) made(world, 10 + (i % 20), 10)
    expect(spawn(world, 'deer', at(60, 60))).toBe('full')
    // A slot rests for a second after its entity is gone.
    despawn(world, world.creatures[7]!)
    expect(spawn(world, 'deer', at(60, 60))).toBe('full')
    world.tick += world.tickHz
    expect(made(world, 60, 60).id & 0xffff).toBe(7)
  })

  test('is found by who is near, in whatever way it came there', () => {
    const world = newWorld()
    const far = made(world, 20, 20)
    const close = made(world, 60, 61)
    const moved = made(world, 100, 100)
    place(world, moved, at(61, 60))
    const found = () => near(world, at(60, 60), metresToUnits(3)).toSorted((a, b) => a.id - b.id)
    expect(found()).toEqual([close, moved])
    despawn(world, close)
    expect(found()).toEqual([moved])
    expect(near(world, at(60, 60), metresToUnits(1000))).toHaveLength(2)
    expect(near(world, { x: -1e12, y: 0.5 }, 10)).toEqual([])
    expect(() => near(world, { x: Number.NaN, y: 0 }, 10)).toThrow('nothing is near NaN, 0')
    expect(far.x).toBe(metresToUnits(20))
  })

  test('that is put into a gate passes it only after it has left it', () => {
    const world = newWorld()
    let to = at(114, 114)
    const rules = zoneRules({
      systems: [
        {
          name: 'blink',
          after: 'input',
          run: (of) => of.players.forEach((player) => place(of, player, to)),
        },
      ],
    })
    const gates = (events: { event: string }[]) => events.filter(({ event }) => event === 'gate')
    expect(gates(step(world, [enterInput(1, 60, 60)], rules))).toEqual([])
    const walk = [{ heading: 0, buttons: 1 }]
    const id = world.players[0]!.id
    expect(
      gates(step(world, [{ input: 'commands', id, first: 1, commands: walk }], rules)),
    ).toEqual([])
    to = at(109.9, 114)
    const events = step(world, [{ input: 'commands', id, first: 2, commands: walk }], rules)
    expect(gates(events)).toHaveLength(1)
  })

  test('of the game stays through a change of content; without a way of straying it stands', () => {
    const world = newWorld()
    const statue = spawn(world, 'deer', { ...at(60, 60), strays: false })
    const zone = testZone({
      walls: [{ x: 59, y: 59, width: 2, height: 2 }],
      spawn: { x: 30, y: 30 },
    })
    for (let i = 0; i < 100; i++) step(world, [])
    expect(statue).toMatchObject(at(60, 60))
    step(world, [{ input: 'content', zone, creatures: kinds }])
    expect(world.creatures).toHaveLength(13)
    expect(statue).toMatchObject(at(30, 30))
  })
})

/** What a game does in one step, right or wrong. Numbers choose the entity and the position. */
type Action = { action: keyof typeof actions; who: number; x: number; y: number }

const pick = <T>(list: readonly T[], who: number): T | undefined => list[who % list.length]
const badNumbers = [Number.NaN, 0.5, -1, 70_000.25, 4_000_000, 2 ** 40, Infinity]
const all = (world: GameWorld) => [...world.players, ...world.creatures]
/** Types do not let a game do this. */
const write = (world: GameWorld, who: number, fields: Partial<Entity>) =>
  Object.assign(pick(all(world), who) ?? {}, fields)
const respawn = (world: GameWorld, who: number, x: number, y: number) => {
  const creature = pick(world.creatures, who)
  if (creature !== undefined) despawn(world, creature)
  spawn(world, 'deer', { x, y, strays: who % 2 === 0 })
}

const actions = {
  teleport: (world: GameWorld, who: number, x: number, y: number) => {
    const entity = pick(all(world), who)
    if (entity !== undefined) place(world, entity, { x, y })
  },
  respawn,
  spawnTen: (world: GameWorld, who: number, x: number, y: number) => {
    for (let i = 0; i < 10; i++) spawn(world, 'deer', { x: x + i * 1000, y, strays: i > who })
  },
  despawnAll: (world: GameWorld) => {
    for (const entity of near(world, { x: 0, y: 0 }, 1_000_000)) {
      if (entity.archetype.body !== 'player') despawn(world, entity)
    }
  },
  sendAway: (world: GameWorld, who: number) => {
    const player = world.players.length > 2 ? pick(world.players, who) : undefined
    if (player !== undefined) despawn(world, player)
  },
  spawnBadly: (world: GameWorld, who: number, x: number) => {
    spawn(world, 'deer', { x, y: badNumbers[who % badNumbers.length]! })
  },
  placeBadly: (world: GameWorld, who: number, x: number) => {
    const entity = pick(all(world), who)
    if (entity !== undefined) {
      place(world, entity, { x, y: badNumbers[who % badNumbers.length]! })
    }
  },
  fail: (world: GameWorld, who: number, x: number, y: number) => {
    respawn(world, who, x, y)
    throw new Error('a defect of the game')
  },
  writePosition: (world: GameWorld, who: number, x: number, y: number) =>
    write(world, who, { x, y }),
  writeNonsense: (world: GameWorld, who: number) => {
    write(world, who, { x: badNumbers[who % badNumbers.length]! })
  },
  writeCourse: (world: GameWorld, who: number) => write(world, who, { heading: -1, speed: 400 }),
  writeCell: (world: GameWorld, who: number) =>
    write(world, who, { cell: who * 31, cellIndex: who }),
}

/** The log's lines of errors. */
function collect(into: { message: string; fields: Record<string, unknown> }[]): Log {
  const error: Log['error'] = (message, fields = {}) => void into.push({ message, fields })
  const log: Log = { ...silentLog, error, child: () => log }
  return log
}

describe('a game that teleports, respawns, spawns wrongly, writes what it may not, and throws', () => {
  test(
    'leaves every viewer exact and the instance alive, and is named',
    { timeout: 120_000 },
    () => {
      const action = fc.record({
        action: fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[])),
        who: fc.nat(60),
        // Some of it lies in walls, some outside of the zone.
        x: fc.integer({ min: -20_000, max: 160_000 }),
        y: fc.integer({ min: -20_000, max: 160_000 }),
      })
      const steps = fc.array(fc.array(action, { maxLength: 4 }), { minLength: 5, maxLength: 50 })
      const systems = ['input', 'messages', 'movement', 'wander', 'gates', 'cells'] as const
      fc.assert(
        fc.property(
          fc.nat(),
          fc.constantFrom<CoreSystem>(...systems),
          steps,
          (seed, after, plan) => {
            let now: Action[] = []
            const trouble: GameSystem = {
              name: 'trouble',
              after,
              run(world) {
                for (const { action: name, who, x, y } of now) actions[name](world, who, x, y)
              },
            }
            const errors: { message: string; fields: Record<string, unknown> }[] = []
            let failed = false
            const rules = zoneRules({ systems: [trouble] })
            const { instance, clients, enter, tick, command } = stage(
              seed,
              20,
              rules,
              collect(errors),
            )
            // Everybody is sent a snapshot of each tick in which something changed.
            instance.detail = { nearTicks: 1, farTicks: 1 }
            for (const [x, y] of [
              [55, 55],
              [62, 62],
              [75, 60],
              [30, 30],
            ] as const)
              enter(x, y)
            tick()
            for (const actionsNow of plan) {
              now = actionsNow
              for (const [index, client] of clients.entries()) {
                if (index > 1) command(client, index * 9000 + plan.length * 500, 1)
              }
              tick()
              for (const client of clients) {
                const { entity } = client.welcome!
                if (instance.world.players.some(({ id }) => id === entity))
                  expectTruth(instance, client)
                else expect(client.latest!.tick).toBeLessThanOrEqual(instance.world.tick)
              }
              const { grid, players, creatures } = instance.world
              for (const one of [...players, ...creatures]) {
                expect(grid.cells[one.cell]![one.cellIndex] === one).toBe(true)
              }
              failed ||= now.some(({ action: name }) => name === 'fail')
              if (failed) expect(errors).not.toEqual([])
              expect(errors.every(({ fields }) => fields['what'] === 'system trouble')).toBe(true)
            }
          },
        ),
        { numRuns: 100 },
      )
    },
  )

  test('sets what no field can hold: refused by name, and only its system loses its step', () => {
    const errors: { message: string; fields: Record<string, unknown> }[] = []
    const rename: GameSystem = {
      name: 'rename',
      after: 'cells',
      run(world) {
        if (world.tick === 3) set(world, world.creatures[5]!, Name, { text: 'x'.repeat(300) })
      },
    }
    const rules = zoneRules({ systems: [rename] })
    const { instance, enter, tick } = stage(4, 20, rules, collect(errors))
    const client = enter(50, 50)
    for (let i = 0; i < 40; i++) tick()
    expect(errors).toMatchObject([
      {
        fields: {
          what: 'system rename',
          error: { message: 'name.text: a text of 300 bytes, at most 255 fit' },
        },
      },
    ])
    expectTruth(instance, client)
  })
})
