// The zone as a game has it: archetypes with bodies and handlers, queries, timers, facts.
import { describe, expect, test } from 'vitest'
import { archetype, Creatures, Players, Walls } from '#gameserver/sim/archetype.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import type { EntityHandle, PlayerHandle } from '#gameserver/sim/zone.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { ZoneGame } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import { timer } from '#gameserver/sim/timers.ts'
import type { World, WorldEvent, WorldInput } from '#gameserver/sim/world.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import * as z from 'zod'
import { component } from '#shared/components/component.ts'
import { u8 } from '#shared/components/fields.ts'
import { contentKind } from '#shared/content/kind.ts'
import { message } from '#shared/protocol/message.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

const kinds = new Map([[deer.id, deer]])
const Health = component(
  'hp',
  { now: u8 },
  { audience: 'near', life: 'entity', first: { now: 100 } },
)

type Play = {
  world: World
  /** Steps, the first with inputs. Answers their events; throws the first fault. */
  run(steps: number, inputs?: WorldInput[]): WorldEvent[]
  /** One more step, in which this runs as a system of the game. */
  act<T>(act: (zone: Zone) => T): T
}

/** A zone without creatures in which a test acts as a system of the game does. */
function play(game: ZoneGame = {}, changes: Parameters<typeof testZone>[0] = {}): Play {
  let acting: ((zone: Zone) => void) | undefined
  const actor = { name: 'test', after: 'messages', run: (zone: Zone) => acting?.(zone) } as const
  const rules = zoneGame({ ...game, systems: [...(game.systems ?? []), actor] })
  const world = createWorld(testZone({ creatures: [], ...changes }), kinds, 7, rules, {
    instance: 'field-1',
    ofGame: new Map([['items', new Map([['sword', { id: 'sword', bite: 7 }]])]]),
  })
  const run: Play['run'] = (steps, inputs = []) => {
    const events: WorldEvent[] = []
    for (let i = 0; i < steps; i++) step(world, i === 0 ? inputs : [], rules, events)
    const failed = events.find((event) => event.event === 'failed')
    if (failed?.event === 'failed') throw failed.error
    return events
  }
  const act: Play['act'] = (does) => {
    const results: ReturnType<typeof does>[] = []
    acting = (zone) => void results.push(does(zone))
    run(1)
    acting = undefined
    return results[0]!
  }
  return { world, run, act }
}

const Wolf = archetype('wolf', { body: 'walker', parts: [Health], radius: 0.5 })

describe('facts', () => {
  test('say which zone it is, how long it runs, and who plays', () => {
    const { run, act } = play()
    run(40, [enterInput(1, 30, 31)])
    act((zone) => {
      expect(zone).toMatchObject({ id: 'field', instance: 'field-1', seed: 7, width: 120 })
      expect(zone.now).toBe(41 / 20)
      expect(zone.spawnPoint).toEqual({ x: 60, y: 60 })
      const [player] = zone.all(Players)
      expect(player).toMatchObject({
        x: 30,
        y: 31,
        is: Players,
        name: 'Player1',
        characterId: 'character1',
        accountId: 'account1',
      })
      expect(zone.player('character1')).toBe(player)
      expect(zone.player('nobody')).toBeUndefined()
    })
  })
})

test('content of the kinds that a game declares is there, and changes with the content', () => {
  const items = contentKind('items', z.strictObject({ id: z.string(), bite: z.int() }))
  const { act, run } = play()
  const bite = () => act((zone) => zone.content(items).get('sword')?.bite)
  expect(bite()).toBe(7)
  const ofGame = new Map([['items', new Map([['sword', { id: 'sword', bite: 9 }]])]])
  run(1, [{ input: 'content', zone: testZone({ creatures: [] }), creatures: kinds, ofGame }])
  expect(bite()).toBe(9)
  const spells = contentKind('spells', items.schema)
  expect(() => act((zone) => zone.content(spells))).toThrow('the content has no kind spells')
})

describe('an entity', () => {
  test('is one handle for as long as it lives, and refuses by name once it is gone', () => {
    const { act } = play({ archetypes: [Wolf] })
    const wolf = act((zone) => zone.spawn(Wolf, { x: 50, y: 50 }))
    act((zone) => {
      expect(zone.all(Wolf)[0]).toBe(wolf)
      expect(zone.find(wolf.id)).toBe(wolf)
      expect(zone.get(wolf, Health)).toEqual({ now: 100 })
      zone.set(wolf, Health, { now: 3 })
      expect(zone.get(wolf, Health).now).toBe(3)
      expect(zone.despawn(wolf)).toBe(true)
      expect(zone.despawn(wolf)).toBe(false)
    })
    act((zone) => {
      const said = `wolf (entity ${wolf.id}) is not in the zone`
      expect([zone.has(wolf), zone.find(wolf.id), wolf.x]).toEqual([false, undefined, 50])
      expect(() => zone.get(wolf, Health)).toThrow(said)
      expect(() => zone.set(wolf, Health, { now: 1 })).toThrow(said)
      expect(() => zone.place(wolf, { x: 1, y: 1 })).toThrow(said)
      expect(() => zone.walkTowards(wolf, { x: 1, y: 1 }, 1)).toThrow(said)
      expect(() => zone.every(wolf, 1)).toThrow(expect.objectContaining({ code: 'gone' }))
    })
  })

  test('of an archetype that is not registered is not made at all, and not looked for', () => {
    const goat = archetype('goat', { body: 'walker' })
    const egg = archetype('egg', { body: 'sensor' })
    const { act, world, run } = play()
    act((zone) => {
      const at = { x: 50, y: 50 }
      expect(() => zone.spawn(goat, at)).toThrow('the archetype goat is not registered')
      expect(() => zone.spawn(egg, at)).toThrow('the archetype egg is not registered')
      for (const look of [
        () => zone.all(goat),
        () => zone.near(at, 5, goat),
        () => zone.nearest(at, 5, goat),
      ]) {
        expect(look).toThrow('the archetype goat is not registered')
      }
      const secret = message('game.secret', { toClient: z.object({}) })
      const say = () => zone.send(zone.all(Players)[0]!, secret, {})
      expect(say).toThrow('the message kind game.secret is not registered')
    })
    run(3)
    expect(world.slots.filter((slot) => slot !== undefined)).toEqual([])
  })

  test('stands only where its body is free, and asks before', () => {
    const { act } = play({ archetypes: [Wolf] })
    act((zone) => {
      for (const [at, code] of [
        [{ x: 45, y: 41 }, 'blocked'],
        [{ x: -1, y: 60 }, 'outside'],
        [{ x: 119.9, y: 60 }, 'outside'],
      ] as const) {
        expect(() => zone.spawn(Wolf, at)).toThrow(expect.objectContaining({ code }))
        expect(zone.canStand(Wolf, at)).toBe(false)
      }
      expect(zone.canStand(Wolf, { x: 60, y: 60 })).toBe(true)
      expect(() => zone.spawn(Wolf, { x: Number.NaN, y: 0 })).toThrow('spawn wolf: x is NaN')
      const wolf = zone.spawn(Wolf, { x: 60, y: 60 })
      expect(() => zone.place(wolf, { x: 45, y: 41 })).toThrow(
        expect.objectContaining({ code: 'blocked' }),
      )
      zone.place(wolf, { x: 20, y: 20 })
      expect([wolf.x, wolf.y]).toEqual([20, 20])
    })
  })

  test('that is put into a gate passes it only after it has left it', () => {
    let to = { x: 114, y: 114 }
    const blink = (zone: Zone) => {
      for (const player of zone.all(Players)) zone.place(player, to)
    }
    const { run, world } = play({ systems: [{ name: 'blink', after: 'input', run: blink }] })
    const gates = (inputs: WorldInput[]) =>
      run(1, inputs).filter(({ event }) => event === 'gate').length
    const walk = (first: number): WorldInput => {
      const { id } = world.players[0]!
      return { input: 'commands', id, first, commands: [{ heading: 0, buttons: 1 }] }
    }
    expect(gates([enterInput(1, 60, 60)])).toBe(0)
    expect(gates([walk(1)])).toBe(0)
    to = { x: 109.9, y: 114 }
    expect(gates([walk(2)])).toBe(1)
  })

  test('that the game has made stays through a change of content; a new wall moves only what it stops', () => {
    const Stone = archetype('stone', { body: 'sensor' })
    const { act, run } = play({ archetypes: [Wolf, Stone] })
    const [wolf, stone] = act((zone) => [
      zone.spawn(Wolf, { x: 60, y: 60 }),
      zone.spawn(Stone, { x: 60, y: 60 }),
    ])
    const walls = [{ x: 59, y: 59, width: 2, height: 2 }]
    const zone = testZone({ walls, spawn: { x: 30, y: 30 } })
    run(1, [{ input: 'content', zone, creatures: kinds, ofGame: new Map() }])
    expect([wolf.x, wolf.y, stone.x, stone.y]).toEqual([30, 30, 60, 60])
    expect(act((of) => of.all(Creatures)).length).toBe(12)
  })

  test('is found by those near, besides the one that asks', () => {
    const { act, run } = play({ archetypes: [Wolf] })
    run(1, [enterInput(1, 60, 60)])
    act((zone) => {
      const [a, b, far] = [61, 63, 100].map((x) => zone.spawn(Wolf, { x, y: 60 }))
      expect(zone.near(a!, 5, Wolf)).toEqual([b])
      expect(zone.near({ x: 60, y: 60 }, 5, Wolf)).toHaveLength(2)
      expect(zone.nearest(far!, 1000, Wolf)).toBe(b)
      expect(zone.nearest(a!, 5, Players)?.name).toBe('Player1')
      expect(zone.nearest(far!, 5, Players)).toBeUndefined()
      expect(zone.near({ x: 60, y: 60 }, 50, Creatures)).toEqual([])
      expect(() => zone.near({ x: Number.NaN, y: 0 }, 1, Wolf)).toThrow('near: x is NaN')
    })
  })
})

describe('a walker', () => {
  test('goes where each step sends it, not beyond, along walls, and stands when it is sent no more', () => {
    let to: { x: number; y: number } | undefined = { x: 54, y: 50 }
    const Dog = archetype('dog', {
      body: 'walker',
      each(zone, dog) {
        if (to !== undefined) zone.walkTowards(dog, to, 4)
      },
    })
    const { act, run, world } = play({ archetypes: [Dog] })
    const dog = act((zone) => zone.spawn(Dog, { x: 50, y: 50 }))
    run(9)
    expect(dog.x).toBeCloseTo(52, 1)
    run(20)
    expect([dog.x, dog.y]).toEqual([54, 50])
    expect(world.creatures[0]!.speed).toBe(0)
    // A wall from 70 to 72 stands between.
    to = { x: 75, y: 55 }
    run(100)
    expect(dog.x).toBeLessThanOrEqual(69.5)
    expect(dog.y).toBeGreaterThan(54)
    to = { x: 60, y: 55 }
    run(10)
    to = undefined
    const at = dog.x
    run(20)
    expect(dog.x).toBeCloseTo(at, 0)
    expect(world.creatures[0]!.speed).toBe(0)
  })

  test('of the content strays on when it is asked nothing, and has the handlers of its archetype', () => {
    const ran: string[] = []
    const Deer = archetype('deer', {
      body: 'walker',
      parts: [Health],
      spawned: (_, self) => void ran.push(`spawned ${self.name}`),
    })
    const { run, act, world } = play(
      { archetypes: [Deer] },
      {
        creatures: [{ creature: 'deer', count: 2, area: { x: 20, y: 20, width: 80, height: 80 } }],
      },
    )
    const before = world.creatures.map(({ x, y }) => [x, y])
    run(100)
    expect(world.creatures.map(({ x, y }) => [x, y])).not.toEqual(before)
    expect(ran).toEqual(['spawned Deer', 'spawned Deer'])
    expect(act((zone) => zone.all(Deer).map((each) => zone.get(each, Health).now))).toEqual([
      100, 100,
    ])
    const [one] = world.creatures
    act((zone) => zone.stand(zone.find(one!.id)!, 2, { x: 0, y: 0 }))
    const at = [one!.x, one!.y]
    run(35)
    expect([one!.x, one!.y]).toEqual(at)
  })
})

describe('a projectile', () => {
  /** What was hit, and where the ball was then. */
  function range(collides: Parameters<typeof archetype>[1]['collides']) {
    const hits: { other: EntityHandle; at: [number, number] }[] = []
    const ended: number[] = []
    const Ball = archetype('ball', {
      body: 'projectile',
      radius: 0.3,
      collides: collides ?? [],
      hit: (_, ball, other) => void hits.push({ other, at: [ball.x, ball.y] }),
      ended: (_, ball) => void ended.push(ball.x),
    })
    const stage = play({ archetypes: [Wolf, Ball] })
    stage.run(1, [enterInput(1, 60, 60)])
    const launch = (heading: number, speed = 25, metres = 20) =>
      stage.act((zone) =>
        zone.launch(Ball, zone.all(Players)[0]!, { heading, speed, range: metres }),
      )
    return { ...stage, hits, ended, launch, Ball }
  }

  test('flies straight at 25 m/s and ends after its range', () => {
    const { launch, run, ended, world } = range([])
    const ball = launch(0)
    expect(ball.x).toBeCloseTo(60 + 25 / 20, 1)
    run(7)
    expect(ball.x).toBeCloseTo(70, 0)
    const events = run(30)
    expect(ended).toHaveLength(1)
    expect(ended[0]).toBeCloseTo(80, 2)
    expect(events.filter(({ event }) => event === 'left')).toHaveLength(1)
    expect(world.creatures).toEqual([])
  })

  test('meets the nearest of what it collides with, never who launched it, and goes', () => {
    const { act, launch, run, hits, world } = range([Wolf, Players, Walls])
    const wolves = act((zone) =>
      [65, 63, 62].map((x, i) => zone.spawn(Wolf, { x, y: 60 + [0, 0.7, 1][i]! })),
    )
    launch(0)
    run(5)
    expect(hits.map(({ other }) => other)).toEqual([wolves[1]])
    expect(world.creatures).toHaveLength(3)
  })

  test('does not go through what is thinner than a step of it: walls and edges of the zone', () => {
    const { launch, run, hits } = range([Walls])
    launch(0, 32.35, 50)
    run(10)
    expect(hits).toMatchObject([{ other: { is: Walls, id: 0 } }])
    // The wall begins at 70 m; the ball has a radius of 0.3.
    expect(hits[0]!.at[0]).toBeCloseTo(69.7, 2)
    launch(Math.PI / 2, 32.35, 500)
    run(60)
    expect(hits[1]!.at[1]).toBeCloseTo(119.7, 2)
  })

  test('that meets no wall ends at the edge of the zone', () => {
    const { launch, run, ended } = range([])
    launch(0, 30, 500)
    run(60)
    expect(ended).toHaveLength(1)
    expect(ended[0]).toBeLessThanOrEqual(120)
  })

  test('is refused where it would not fly', () => {
    const { act, Ball } = range([])
    act((zone) => {
      const [player] = zone.all(Players)
      const launch = (flight: object) => () =>
        zone.launch(Ball, player!, { heading: 0, speed: 10, range: 10, ...flight })
      expect(launch({ speed: 40 })).toThrow('launch ball: the speed is 40, it is 0 to 32.35 m/s')
      expect(launch({ heading: Number.NaN })).toThrow('heading is NaN')
      expect(launch({ range: 0 })).toThrow('it would not fly')
      expect(() => zone.spawn(Ball, { x: 1, y: 1 })).toThrow('a projectile is launched')
    })
  })
})

describe('a sensor', () => {
  test('is touched once by each player who comes in, and again after he has left', () => {
    const touches: string[] = []
    const Pool = archetype('pool', {
      body: 'sensor',
      radius: 2,
      touched: (_, __, player) => void touches.push(player.name),
    })
    const { act, run } = play({ archetypes: [Pool] })
    run(1, [enterInput(1, 30, 30), enterInput(2, 61, 60)])
    act((zone) => zone.spawn(Pool, { x: 60, y: 60 }))
    run(20)
    expect(touches).toEqual(['Player2'])
    const put = (name: string, x: number) =>
      act((zone) =>
        zone.place(
          zone.all(Players).find((one) => one.name === name)!,
          { x, y: 60 },
        ),
      )
    put('Player1', 59)
    run(5)
    put('Player2', 65)
    put('Player2', 61)
    expect(touches).toEqual(['Player2', 'Player1', 'Player2'])
  })
})

describe('a timer', () => {
  const ran: unknown[] = []
  const note = timer('note', (zone, data: { text: string }) => void ran.push([zone.now, data]))

  test('runs when it is due, in order, with a copy of its data; also after a change of content', () => {
    ran.length = 0
    const { act, run, world } = play({ timers: [note] })
    const data = { text: 'late' }
    act((zone) => {
      zone.after(1, note, data)
      zone.after(0.5, note, { text: 'early' })
      zone.after(0.5, note, { text: 'second' })
      zone.after(0, note, { text: 'next' })
    })
    data.text = 'changed'
    run(1, [
      { input: 'content', zone: testZone({ creatures: [] }), creatures: kinds, ofGame: new Map() },
    ])
    run(30)
    expect(ran).toEqual([
      [2 / 20, { text: 'next' }],
      [11 / 20, { text: 'early' }],
      [11 / 20, { text: 'second' }],
      [21 / 20, { text: 'late' }],
    ])
    expect(world.timers).toEqual([])
  })

  test('refuses what is not plain, what is not registered, and more than 10,000', () => {
    const { act } = play({ timers: [note] })
    const other = timer('other', () => {})
    act((zone) => {
      const set = (data: unknown) => () => zone.after(1, note, data as { text: string })
      const loop: { self?: unknown } = {}
      loop.self = loop
      const [player] = zone.all(Players)
      for (const bad of [
        loop,
        new Date(0),
        { x: Number.NaN },
        () => {},
        { x: undefined },
        zone,
        Symbol('a'),
      ]) {
        expect(set(bad)).toThrow('timer note: its data are not plain')
      }
      expect(player).toBeUndefined()
      expect(set({ text: 'x'.repeat(2000) })).toThrow('its data are too large')
      expect(() => zone.after(1, other)).toThrow('the timer other is not registered')
      for (let i = 0; i < 10_000; i++) zone.after(i % 100, note, { text: '' })
      expect(set({ text: '' })).toThrow(expect.objectContaining({ code: 'full' }))
    })
  })
})

test('every says when the turn of an entity is, for each name on its own', () => {
  const turns: string[] = []
  const Cat = archetype('cat', {
    body: 'walker',
    each(zone, cat) {
      if (zone.every(cat, 1)) turns.push('bites')
      if (zone.every(cat, 1, 'voice')) turns.push('meows')
    },
  })
  const { act, run } = play({ archetypes: [Cat] })
  act((zone) => zone.spawn(Cat, { x: 50, y: 50 }))
  run(59)
  expect(turns).toEqual(['bites', 'meows', 'bites', 'meows', 'bites', 'meows'])
})

test('players have the handlers and the components that the game gives them', () => {
  const Mana = component(
    'mana',
    { now: u8 },
    { audience: 'owner', life: 'character', first: { now: 7 } },
  )
  const ran: string[] = []
  const { act, run } = play({
    players: {
      parts: [Mana],
      spawned: (zone, player) =>
        void ran.push(`${player.characterId} ${zone.get(player, Mana).now}`),
      each: (zone, player) => zone.set(player, Mana, { now: zone.get(player, Mana).now + 1 }),
    },
  })
  run(10, [enterInput(1, 60, 60), { ...enterInput(2, 60, 60), unseen: true }])
  expect(ran).toEqual(['character1 7'])
  expect(
    act((zone) => zone.all(Players).map((each: PlayerHandle) => zone.get(each, Mana).now)),
  ).toEqual([17])
})

test('a step outside of which a zone is called refuses it', () => {
  const { act } = play({ archetypes: [Wolf] })
  const kept = act((zone) => zone)
  expect(() => kept.spawn(Wolf, { x: 50, y: 50 })).toThrow(
    expect.objectContaining({ code: 'closed' }),
  )
})
