// A game that does everything wrong that it can: its faults are named and bounded, viewers stay exact, and the
// instance plays on.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { archetype, Players, Walls } from '#gameserver/sim/archetype.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { Refusal } from '#gameserver/sim/handle.ts'
import type { EntityHandle } from '#gameserver/sim/zone.ts'
import { onMessage } from '#gameserver/sim/message.ts'
import { coreRules, zoneGame } from '#gameserver/sim/rules.ts'
import type { CoreSystem, ZoneGame } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import { timer } from '#gameserver/sim/timers.ts'
import type { WorldInput } from '#gameserver/sim/world.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import { component } from '#shared/components/component.ts'
import { u8 } from '#shared/components/fields.ts'
import { message } from '#shared/protocol/message.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import type { Log } from '#shared/telemetry/log.ts'
import * as z from 'zod'
import { expectTruth, stage } from './view-kit.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

const Health = component(
  'hp',
  { now: u8 },
  { audience: 'near', life: 'entity', first: { now: 100 } },
)
const Deer = archetype('deer', { body: 'walker', parts: [Health] })
const Ball = archetype('ball', {
  body: 'projectile',
  radius: 0.3,
  collides: [Deer, Players, Walls],
})
const Pool = archetype('pool', {
  body: 'sensor',
  radius: 4,
  touched: (zone, pool) => void zone.despawn(pool),
})

const pick = <T>(list: readonly T[], who: number): T | undefined => list[who % list.length]
const badNumbers = [Number.NaN, Infinity, -1, 1e12, -0.0001]
const everybody = (zone: Zone): EntityHandle[] =>
  [Deer, Players, Ball, Pool].flatMap((each) => zone.all(each))

/** What a game does in one step, right or wrong, in metres. Numbers choose the entity and the position. */
const actions = {
  teleport(zone: Zone, who: number, x: number, y: number) {
    const entity = pick(everybody(zone), who)
    if (entity !== undefined) zone.place(entity, { x, y })
  },
  respawn(zone: Zone, who: number, x: number, y: number) {
    const creature = pick(zone.all(Deer), who)
    if (creature !== undefined) zone.despawn(creature)
    zone.spawn(Deer, { x, y })
  },
  spawnTen(zone: Zone, who: number, x: number, y: number) {
    for (let i = 0; i < 10; i++) zone.spawn(i > who ? Pool : Deer, { x: x + i, y })
  },
  despawnAll(zone: Zone) {
    for (const entity of zone.near({ x: 0, y: 0 }, 1000, Deer)) zone.despawn(entity)
  },
  sendAway(zone: Zone, who: number) {
    const players = zone.all(Players)
    if (players.length > 2) zone.despawn(pick(players, who)!)
  },
  shoot(zone: Zone, who: number, x: number, y: number) {
    const from = pick(everybody(zone), who)
    if (from !== undefined)
      zone.launch(Ball, from, { heading: x, speed: 1 + Math.abs(y % 31), range: 30 })
  },
  chase(zone: Zone, who: number, x: number, y: number) {
    for (const creature of zone.all(Deer)) zone.walkTowards(creature, { x, y }, who % 30)
  },
  hurt(zone: Zone, who: number) {
    const entity = pick(zone.all(Deer), who)
    if (entity !== undefined) zone.set(entity, Health, { now: who })
  },
  badly(zone: Zone, who: number, x: number) {
    zone.spawn(Deer, { x, y: pick(badNumbers, who)! })
  },
  fail(zone: Zone, who: number, x: number, y: number) {
    actions.respawn(zone, who, x, y)
    throw new Error('a defect of the game')
  },
}
type Action = { action: keyof typeof actions; who: number; x: number; y: number }

/** The log's lines of errors. */
function collect(into: Record<string, unknown>[]): Log {
  const error: Log['error'] = (message, fields = {}) => void into.push({ message, ...fields })
  const log: Log = { ...silentLog, error, child: () => log }
  return log
}

test(
  'a game that teleports, respawns, shoots and throws leaves every viewer exact',
  { timeout: 120_000 },
  () => {
    const action = fc.record({
      action: fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[])),
      who: fc.nat(60),
      // Some of it lies in walls, some outside of the zone.
      x: fc.double({ min: -20, max: 140, noNaN: true }),
      y: fc.double({ min: -20, max: 140, noNaN: true }),
    })
    const plans = fc.array(fc.array(action, { maxLength: 4 }), { minLength: 5, maxLength: 50 })
    const parts = [
      'input',
      'messages',
      'each',
      'movement',
      'wander',
      'projectiles',
      'cells',
    ] as const
    const property = (seed: number, after: CoreSystem, plan: Action[][]) => {
      let now: Action[] = []
      const run = (zone: Zone) => {
        for (const { action: name, who, x, y } of now) actions[name](zone, who, x, y)
      }
      const rules = zoneGame({
        archetypes: [Deer, Ball, Pool],
        systems: [{ name: 'trouble', after, run }],
      })
      const errors: Record<string, unknown>[] = []
      const { instance, clients, enter, tick, command } = stage(seed, 20, rules, collect(errors))
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
          if (instance.world.players.some(({ id }) => id === entity)) expectTruth(instance, client)
        }
        const { grid, players, creatures } = instance.world
        for (const one of [...players, ...creatures]) {
          expect(grid.cells[one.cell]![one.cellIndex] === one).toBe(true)
        }
        if (now.some(({ action: name }) => name === 'fail')) expect(errors).not.toEqual([])
        expect(errors.every(({ what }) => what === 'system trouble')).toBe(true)
      }
    }
    fc.assert(fc.property(fc.nat(), fc.constantFrom<CoreSystem>(...parts), plans, property), {
      numRuns: 100,
    })
  },
)

/** A zone with a deer and a player at 60, 60, in which steps go on whatever the game does. */
function world(game: ZoneGame) {
  const rules = zoneGame(game)
  const made = createWorld(testZone({ creatures: [] }), new Map([[deer.id, deer]]), 1, rules)
  const faults: { what: string; of?: string; error: Error }[] = []
  const run = (steps = 1, inputs: WorldInput[] = []) => {
    const events = Array.from({ length: steps }, (_, i) =>
      step(made, i === 0 ? inputs : [], rules),
    ).flat()
    for (const event of events) {
      if (event.event !== 'failed') continue
      faults.push({ ...event, error: event.error as Error })
    }
    return events
  }
  run(1, [enterInput(1, 60, 60)])
  return { world: made, faults, run }
}

const boom = () => {
  throw new Error('planned')
}

describe('a fault of the game', () => {
  test('in any hook is named with its entity, and costs nothing else', () => {
    const late = timer('late', boom)
    let spawned = false
    const Hunter = archetype('hunter', { body: 'walker', spawned: boom, each: boom })
    const Ball = archetype('ball', {
      body: 'projectile',
      collides: [Hunter],
      hit: boom,
      ended: boom,
    })
    const Pool = archetype('pool', { body: 'sensor', radius: 5, touched: boom })
    const setUp = (zone: Zone) => {
      if (spawned) return
      spawned = true
      const hunter = zone.spawn(Hunter, { x: 60, y: 62 })
      zone.spawn(Pool, { x: 60, y: 60 })
      zone.launch(Ball, zone.all(Players)[0]!, { heading: Math.PI / 2, speed: 30, range: 10 })
      zone.launch(Ball, hunter, { heading: 0, speed: 30, range: 3 })
      zone.after(0, late)
    }
    const {
      faults,
      run,
      world: made,
    } = world({
      archetypes: [Hunter, Ball, Pool],
      players: { each: boom, spawned: boom },
      timers: [late],
      systems: [
        { name: 'set up', after: 'input', run: setUp },
        { name: 'rain', after: 'cells', run: boom },
      ],
    })
    run(5)
    const named = new Set(
      faults.map(
        ({ what, of }) => `${what}${of === undefined ? '' : ` of ${of.replace(/\d{3,}/, 'n')}`}`,
      ),
    )
    expect([...named].sort()).toEqual([
      'archetype ball, ended of  (n)',
      'archetype ball, hit of  (n)',
      'archetype hunter, each of  (n)',
      'archetype hunter, spawned of  (n)',
      'archetype player, each of Player1 (n)',
      'archetype player, spawned of Player1 (n)',
      'archetype pool, touched of  (n)',
      'system rain',
      'timer late',
    ])
    expect(faults.every(({ error }) => error.message === 'planned')).toBe(true)
    // The balls have gone, hunter and pool are there.
    expect(made.creatures.map(({ archetype: { name } }) => name)).toEqual(['hunter', 'pool'])
  })

  test('of thousands of entities in one step is reported for the first alone', () => {
    const Ant = archetype('ant', { body: 'sensor', each: boom })
    const spawn = (zone: Zone) => {
      if (zone.all(Ant).length === 0)
        for (let i = 0; i < 5000; i++) zone.spawn(Ant, { x: 1 + (i % 100), y: 50 })
    }
    const { faults } = world({
      archetypes: [Ant],
      systems: [{ name: 'swarm', after: 'input', run: spawn }],
    })
    expect(faults).toHaveLength(33)
    expect(faults.at(-1)!.what).toBe('more faults of the game')
  })
})

test(
  'more entities than a zone holds are refused by name, and the zone plays on',
  { timeout: 60_000 },
  () => {
    const Rock = archetype('rock', { body: 'sensor' })
    let wanted = 70_000
    const spawn = (zone: Zone) => {
      while (wanted > 0) {
        wanted--
        zone.spawn(Rock, { x: 5 + (wanted % 110), y: 5 + ((wanted >> 8) % 110) })
      }
    }
    const errors: Record<string, unknown>[] = []
    const rules = zoneGame({
      archetypes: [Rock],
      systems: [{ name: 'flood', after: 'gates', run: spawn }],
    })
    const { instance, enter, tick, command } = stage(1, 20, rules, collect(errors))
    const client = enter(60, 60)
    for (let i = 0; i < 3; i++) tick()
    expect(errors[0]).toMatchObject({
      what: 'system flood',
      error: { code: 'full', message: 'rock is not made: full' },
    })
    expect(instance.world.creatures.length).toBeGreaterThan(60_000)
    const before = instance.world.players[0]!.x
    command(client, 0, 1)
    tick()
    expect(instance.world.players[0]!.x).toBeGreaterThan(before)
  },
)

test('writes that no field holds, and writes to what is not the game’s, are refused by name', () => {
  const wrongs: ((zone: Zone, one: EntityHandle) => void)[] = [
    (zone, one) => zone.set(one, Health, { now: 300 }),
    (zone, one) => zone.set(one, Health, { now: 0.5 }),
    (zone, one) => zone.set(one, Health, { nothing: 1 } as never),
    (zone) => zone.set(zone.all(Players)[0]!, Health, { now: 1 }),
    (_, one) => void Object.assign(one, { x: 5 }),
    (zone) => zone.place({ id: 7, x: 1, y: 1 } as never, { x: 2, y: 2 }),
    (zone) => zone.get(undefined as never, Health),
    (zone) => zone.walkTowards(zone.all(Players)[0]!, { x: 1, y: 1 }, 3),
  ]
  let at = -1
  const Wolf = archetype('wolf', {
    body: 'walker',
    parts: [Health],
    each: (zone, wolf) => wrongs[at]?.(zone, wolf),
  })
  const {
    faults,
    run,
    world: made,
  } = world({
    archetypes: [Wolf],
    systems: [
      {
        name: 'spawn',
        after: 'input',
        run: (zone) => void (zone.all(Wolf).length === 0 && zone.spawn(Wolf, { x: 50, y: 50 })),
      },
    ],
  })
  for (at = 0; at < wrongs.length; at++) run()
  expect(faults.map(({ error }) => error.message)).toEqual([
    'hp.now: 300 is no whole number from 0 to 255',
    'hp.now: 0.5 is no whole number from 0 to 255',
    'hp has no field nothing',
    'this entity has no component hp',
    expect.stringContaining('Cannot set property x'),
    'place: what was given (entity 7) is not in the zone',
    'get: what was given (entity undefined) is not in the zone',
    'walkTowards: player is no walker',
  ])
  expect(made.creatures[0]).toMatchObject({ x: 60_000, y: 60_000 })
})

test('a handle that is kept after its entity has gone harms nobody, also when another has its place', () => {
  let kept: EntityHandle | undefined
  const Wolf = archetype('wolf', { body: 'walker', parts: [Health] })
  const {
    faults,
    run,
    world: made,
  } = world({
    archetypes: [Wolf],
    systems: [
      {
        name: 'keeper',
        after: 'input',
        run(zone) {
          if (kept === undefined) {
            kept = zone.spawn(Wolf, { x: 50, y: 50 })
            zone.despawn(kept)
          } else if (zone.all(Wolf).length === 0 && zone.now > 2) zone.spawn(Wolf, { x: 20, y: 20 })
          else zone.set(kept, Health, { now: 1 })
        },
      },
    ],
  })
  run(60)
  const [wolf] = made.creatures
  // The same slot, another entity.
  expect(wolf!.id & 0xffff).toBe(kept!.id & 0xffff)
  expect(faults.every(({ error }) => error instanceof Refusal && error.code === 'gone')).toBe(true)
  expect(kept).toMatchObject({ x: 50, y: 50, name: '' })
})

test('a handler that returns a promise is named, and what it does later is refused', async () => {
  const later: unknown[] = []
  const Dreamer = archetype('dreamer', {
    body: 'walker',
    // oxlint-disable-next-line typescript/no-misused-promises -- what is tested
    async each(zone, self) {
      await Promise.resolve()
      try {
        zone.despawn(self)
      } catch (error) {
        later.push(error)
      }
      throw new Error('nobody hears it')
    },
  })
  const {
    faults,
    run,
    world: made,
  } = world({
    archetypes: [Dreamer],
    systems: [
      {
        name: 'spawn',
        after: 'input',
        run: (zone) => void (zone.now < 0.06 && zone.spawn(Dreamer, { x: 50, y: 50 })),
      },
      // oxlint-disable-next-line typescript/no-misused-promises -- what is tested
      { name: 'dream', after: 'cells', run: async () => boom() },
    ],
  })
  run()
  await new Promise((resolve) => setImmediate(resolve))
  expect(new Set(faults.map(({ what, error }) => `${what}: ${error.message}`))).toEqual(
    new Set([
      'archetype dreamer, each: it returned a promise, but a step awaits nothing',
      'system dream: it returned a promise, but a step awaits nothing',
    ]),
  )
  expect(later[0]).toMatchObject({ name: 'Refusal', code: 'closed' })
  expect(made.creatures).toHaveLength(1)
})

test('a request over which the game fails, or whose answer is wrong, is refused, and others are answered', () => {
  const ask = (kind: string) =>
    message(`game.${kind}`, {
      toServer: z.strictObject({}),
      answer: z.object({ sum: z.int() }),
      rate: { burst: 10, perSecond: 10 },
    })
  const {
    run,
    world: made,
    faults,
  } = world({
    messages: [
      onMessage(ask('good'), () => ({ sum: 3 })),
      onMessage(ask('wrong'), () => ({ sum: 0.5 })),
      onMessage(ask('nothing'), () => {}),
      onMessage(ask('boom'), boom),
    ],
  })
  const { id } = made.players[0]!
  const asked = ['boom', 'wrong', 'nothing', 'good'].map((kind, i): WorldInput => ({
    input: 'message',
    id,
    kind: `game.${kind}`,
    body: {},
    n: 7 + i,
  }))
  expect(run(1, asked).filter(({ event }) => event !== 'failed')).toMatchObject([
    { event: 'refused', of: 'game.boom', code: 'failed', re: 7 },
    { event: 'refused', of: 'game.wrong', re: 8 },
    { event: 'refused', of: 'game.nothing', re: 9 },
    { event: 'message', to: 'self', kind: 'game.good', body: { sum: 3 }, re: 10 },
  ])
  expect(faults.map(({ what }) => what)).toEqual([
    'message game.boom',
    'message game.wrong',
    'message game.nothing',
  ])
})

test('what takes longer than a tick is named after it', () => {
  const errors: Record<string, unknown>[] = []
  let extra = 0
  const slow = () => void (extra += 70)
  const rules = zoneGame({ systems: [{ name: 'slow', after: 'input', run: slow }] })
  const { instance, enter, tick, now } = stage(1, 20, rules, collect(errors))
  Object.assign(instance, { monotonic: () => now() + extra })
  enter(60, 60)
  tick()
  expect(errors).toMatchObject([
    {
      what: 'step too long: system slow',
      at: undefined,
      error: { message: '70 of 70 ms; a tick is 50 ms' },
    },
  ])
})

test('a game that does nothing leaves the steps of the core as they are', () => {
  const places = [coreRules, zoneGame({ archetypes: [Deer], players: { each: () => {} } })].map(
    (rules) => {
      const made = createWorld(testZone(), new Map([[deer.id, deer]]), 1, rules)
      for (let i = 0; i < 100; i++) step(made, [], rules)
      return made.creatures.map(({ x, y }) => [x, y])
    },
  )
  expect(places[1]).toEqual(places[0])
})
