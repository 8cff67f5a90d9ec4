// The server's side of abilities and of imposed movement: each use has one outcome, whatever a client sends.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ability } from '#gameserver/sim/ability.ts'
import type { Ability } from '#gameserver/sim/ability.ts'
import { withCooldowns } from '#gameserver/sim/cooldowns.ts'
import { archetype, Creatures } from '#gameserver/sim/archetype.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { getPart } from '#gameserver/sim/components.ts'
import { makeEntity } from '#gameserver/sim/entities.ts'
import { handleOf } from '#gameserver/sim/handle.ts'
import { interruptCast, mount, push, root, slow } from '#gameserver/sim/impose.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import { savedParts } from '#gameserver/sim/saved-parts.ts'
import { step } from '#gameserver/sim/step.ts'
import type { Entity, World, WorldEvent, WorldInput } from '#gameserver/sim/world.ts'
import { component } from '#shared/components/component.ts'
import { u16 } from '#shared/components/fields.ts'
import type { CommandFrame } from '#shared/protocol/client-frames.ts'
import type { Aim } from '#shared/rules/own-state.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

const Mana = component(
  'mana',
  { now: u16 },
  { audience: 'owner', life: 'character', first: { now: 50 } },
)

const none: Aim = { aim: 'none' }
const walk = { heading: 0, buttons: 1 }

/** A world with one player at 20, 20 m, and what abilities did. */
function arena(parts?: Extract<WorldInput, { input: 'enter' }>['parts'], others: Ability[] = []) {
  const done: [string, object][] = []
  const did = (name: string) => (_world: object, _by: object, aim: object) =>
    void done.push([name, aim])
  const cost = { from: Mana, field: 'now', amount: 20 } as const
  const abilities = [
    ability('shout', { aim: 'none', cooldownSeconds: 0.5, cost, cast: did('shout') }),
    ability('bolt', { aim: 'heading', cooldownSeconds: 30, cast: did('bolt') }),
    ability('blast', { aim: 'place', range: 10, cooldownSeconds: 0, cast: did('blast') }),
    ability('mark', { aim: 'entity', range: 10, cooldownSeconds: 0, cast: did('mark') }),
    ability('hearth', { aim: 'none', cooldownSeconds: 0, castSeconds: 0.5, cast: did('hearth') }),
    ability('roll', {
      aim: 'heading',
      cooldownSeconds: 0,
      move: { dash: { speed: 8, seconds: 1 } },
    }),
    ...others,
  ]
  const rules = zoneGame({ abilities, players: { parts: [Mana] } })
  const zone = testZone({ creatures: [] })
  const world = createWorld(zone, new Map([[deer.id, deer]]), 7, rules)
  const tick = (...inputs: WorldInput[]) => step(world, inputs, rules)
  const enter = enterInput(1, 20, 20)
  const events = tick(parts === undefined ? enter : { ...enter, parts })
  const entered = events.find(({ event }) => event === 'entered') as { entity: Entity }
  const player = entered.entity
  let next = 1
  return {
    world,
    player,
    tick,
    done,
    ticks(count: number, command: CommandFrame = { heading: 0, buttons: 0 }) {
      for (let i = 0; i < count; i++) tick(commands(player, next++, command))
    },
    /** Uses an ability in the next tick. Why it was refused; `used` when it was not. */
    use(name: string, at: Aim = none): string {
      const number = abilities.findIndex((one) => one.name === name)
      const use = { ability: number < 0 ? 200 : number, at }
      const outcomes = usesOf(tick(commands(player, next++, { ...walk, buttons: 0, use })))
      expect(outcomes).toHaveLength(1)
      return outcomes[0]!.refused ?? 'used'
    },
  }
}

function commands({ id }: Entity, first: number, ...list: CommandFrame[]): WorldInput {
  return { input: 'commands', id, first, commands: list }
}

function usesOf(events: readonly WorldEvent[]) {
  return events.flatMap((event) => (event.event === 'used' ? [event] : []))
}

const mana = ({ components }: World, { id }: Entity) => getPart(components, id & 0xffff, Mana)

const near = (world: World, metres: number) => {
  const at = { x: metresToUnits(20 + metres), y: metresToUnits(20), heading: 0 }
  const made = makeEntity(world, Creatures, at)
  if (typeof made === 'string') throw new Error(made)
  return made
}

describe('an ability', () => {
  test('is done with its aim in the tick of its command, paid and cooled down', () => {
    const { use, done, world, player, ticks } = arena()
    expect(use('shout')).toBe('used')
    expect(done).toEqual([['shout', {}]])
    expect(mana(world, player)).toEqual({ now: 30 })
    expect(use('shout')).toBe('cooldown')
    ticks(8)
    expect(use('shout')).toBe('used')
    ticks(9)
    expect(use('shout')).toBe('cost')
    expect(mana(world, player)).toEqual({ now: 10 })
    expect(done).toHaveLength(2)
  })

  test('is refused, with the reason, where it may not be used', () => {
    const { use, world, done, player } = arena()
    const far = near(world, 10.1)
    const close = near(world, 9.9)
    expect(use('none of these')).toBe('unknown')
    expect(use('bolt')).toBe('aim')
    expect(use('mark', { aim: 'entity', id: far.id })).toBe('range')
    expect(use('mark', { aim: 'entity', id: 0x123456 })).toBe('target')
    expect(use('blast', { aim: 'place', x: player.x, y: player.y + 12_001 })).toBe('range')
    expect(use('blast', { aim: 'place', x: 0xffff_ffff, y: 0 })).toBe('range')
    expect(done).toEqual([])
    expect(use('mark', { aim: 'entity', id: close.id })).toBe('used')
    expect(done).toEqual([['mark', { target: handleOf(world, close) }]])
  })

  test('that is cast is done later, and keeps others from being used until then', () => {
    const { use, done, ticks, world, player } = arena()
    expect(use('hearth')).toBe('used')
    expect(use('shout')).toBe('casting')
    ticks(8)
    expect(done).toEqual([])
    ticks(1)
    expect(done).toEqual([['hearth', {}]])
    expect(use('hearth')).toBe('used')
    expect(interruptCast(world, player)).toBe(true)
    expect(interruptCast(world, player)).toBe(false)
    ticks(20)
    expect(done).toHaveLength(1)
    expect(use('shout')).toBe('used')
  })

  test('that moves its player is refused while he is rooted', () => {
    const { use, world, player, ticks } = arena()
    root(world, player, 3)
    ticks(12)
    expect(use('roll', { aim: 'heading', heading: 0 })).toBe('rooted')
    expect(use('shout')).toBe('used')
    root(world, player, 0)
    ticks(12)
    expect(use('roll', { aim: 'heading', heading: 0 })).toBe('used')
  })

  test('whose code throws is named, and costs the others nothing', () => {
    const fails = ability('fails', {
      aim: 'none',
      cooldownSeconds: 0,
      cast() {
        throw new Error('oops')
      },
    })
    const { player, tick, done } = arena(undefined, [fails])
    const events = tick(
      commands(player, 1, { ...walk, use: { ability: 6, at: none } }),
      commands(player, 2, { ...walk, use: { ability: 0, at: none } }),
    )
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'failed', what: 'ability fails', error: new Error('oops') }),
    )
    tick()
    expect(done).toEqual([['shout', {}]])
  })

  test.each([
    ['a name in two words', { aim: 'none', cooldownSeconds: 1 }, 'two words'],
    ['no range for an entity', { aim: 'entity', cooldownSeconds: 1 }, 'x'],
    ['a cool-down below nothing', { aim: 'none', cooldownSeconds: -1 }, 'x'],
    [
      'a cost below nothing',
      { aim: 'none', cooldownSeconds: 1, cost: { from: Mana, field: 'now', amount: -1 } },
      'x',
    ],
    [
      'a dash at an entity',
      { aim: 'entity', range: 1, cooldownSeconds: 1, move: { dash: { speed: 1, seconds: 1 } } },
      'x',
    ],
  ] as const)('cannot have %s', (_, options, name) => {
    expect(() => ability(name, options as Parameters<typeof ability>[1])).toThrow(RangeError)
  })

  test('cannot cost what not every player has', () => {
    const cost = { from: Mana, field: 'now', amount: 1 } as const
    const rules = zoneGame({
      abilities: [ability('costly', { aim: 'none', cooldownSeconds: 0, cost })],
    })
    const other = component(
      'other',
      { now: u16 },
      { audience: 'near', life: 'entity', first: { now: 0 } },
    )
    const thing = archetype('thing', { body: 'walker', parts: [other] })
    const archetypes = [...rules.archetypes, thing]
    const make = (costs: typeof Mana) => {
      const one = ability('costly', {
        aim: 'none',
        cooldownSeconds: 0,
        cost: { ...cost, from: costs },
      })
      return () =>
        createWorld(testZone({ creatures: [] }), new Map(), 7, {
          ...rules,
          archetypes,
          abilities: [one],
        })
    }
    expect(make(Mana)).toThrow('mana')
    expect(make(other)).toThrow('other')
  })
})

describe('a cool-down', () => {
  test('goes on where it was after leaving and coming back', () => {
    const first = arena()
    expect(first.use('bolt', { aim: 'heading', heading: 0 })).toBe('used')
    first.ticks(100)
    const saved = withCooldowns(
      first.world,
      first.player,
      savedParts(first.world, first.player, undefined),
    )
    expect(saved!['core.cooldowns']).toEqual({ v: 1, bolt: 25_000 })
    const later = arena(saved)
    expect(later.use('bolt', { aim: 'heading', heading: 0 })).toBe('cooldown')
    later.ticks(497)
    expect(later.use('bolt', { aim: 'heading', heading: 0 })).toBe('cooldown')
    expect(later.use('bolt', { aim: 'heading', heading: 0 })).toBe('used')
  })

  test('of an ability that this version does not know is kept as it was saved', () => {
    const { world, player } = arena({ 'core.cooldowns': { v: 1, meteor: 9000, bolt: 1e12 } })
    // It lasts no longer than this version has it.
    expect(withCooldowns(world, player, undefined)).toEqual({
      'core.cooldowns': { v: 1, bolt: 30_000 },
    })
    const before = { 'core.cooldowns': { v: 1, meteor: 9000 } }
    expect(withCooldowns(world, player, before)!['core.cooldowns']).toMatchObject({ meteor: 9000 })
  })
})

test('each use that comes in has one outcome, in whatever order, however often, and over a resume', () => {
  const packet = fc.record({
    first: fc.nat(12),
    uses: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
    times: fc.integer({ min: 1, max: 3 }),
  })
  const event = fc.oneof(
    { weight: 6, arbitrary: packet },
    { weight: 3, arbitrary: fc.constant('tick' as const) },
    { weight: 1, arbitrary: fc.constant('halt' as const) },
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (story) => {
      const { player, tick } = arena()
      const asked = new Set<string>()
      const outcomes: string[] = []
      // After a resume the numbers go on at what was expected, so they may come again.
      let resumes = 0
      let inputs: WorldInput[] = []
      let from = 1
      const flush = () => {
        for (const { command } of usesOf(tick(...inputs))) outcomes.push(`${resumes}/${command}`)
        inputs = []
      }
      for (const each of story) {
        if (each === 'tick') {
          flush()
          from++
        } else if (each === 'halt') {
          inputs.push({ input: 'halt', id: player.id })
          flush()
          resumes++
          from = player.commands!.expected + 6
        } else {
          const first = Math.max(1, from + each.first - 6)
          // A number always carries the same: the transport repeats, the client does not change its mind.
          const list = each.uses.map((_, i) => {
            const use = (first + i) % 3 === 0 ? { ability: 0, at: none } : undefined
            if (use !== undefined) asked.add(`${resumes}/${first + i}`)
            return use === undefined ? walk : { ...walk, use }
          })
          for (let i = 0; i < each.times; i++) inputs.push(commands(player, first, ...list))
        }
      }
      for (let i = 0; i < 30; i++) flush()
      expect(outcomes.toSorted()).toEqual([...asked].toSorted())
    }),
    { numRuns: 500 },
  )
})

describe('a player who sends no commands', () => {
  test('is moved by a push all the same, and stands in the next tick when it is over', () => {
    const { world, player, tick } = arena()
    push(world, player, 0, 6, 0.5)
    const { x } = player
    for (let i = 0; i < 10; i++) tick()
    expect(player.x - x).toBe(metresToUnits(3))
    tick()
    expect(player.speed).toBe(0)
    expect(player.x - x).toBe(metresToUnits(3))
  })

  test('is slow, rooted or mounted from the next tick on', () => {
    const { world, player, tick, ticks } = arena()
    slow(world, player, 0.5, 60)
    mount(world, player, { speed: 8, radius: 0.7 })
    tick()
    expect(player.radius).toBe(840)
    ticks(2, walk)
    expect(player.speed).toBe(80)
    ticks(12, { ...walk, buttons: 0 })
    root(world, player, 60)
    ticks(12, walk)
    expect(player.speed).toBe(0)
  })
})

test.each([
  ['a factor', (w: World, p: Entity) => slow(w, p, -1, 1)],
  ['a time', (w: World, p: Entity) => root(w, p, 1e6)],
  ['a time that is no number', (w: World, p: Entity) => root(w, p, Number.NaN)],
  ['a heading', (w: World, p: Entity) => push(w, p, -1, 1, 1)],
  ['a speed', (w: World, p: Entity) => push(w, p, 0, Number.NaN, 1)],
  ['a radius', (w: World, p: Entity) => mount(w, p, { speed: 1, radius: 0 })],
] as const)(
  'a change with %s that is not possible is refused where it is asked for',
  (_, change) => {
    const { world, player } = arena()
    expect(() => change(world, player)).toThrow(RangeError)
    expect(player.own!.announced).toEqual([])
  },
)

test('many changes at once wait in a bounded queue, and all take effect in their order', () => {
  const { world, player, ticks } = arena()
  ticks(5, walk)
  for (let i = 0; i < 100; i++) mount(world, player, { speed: i % 9, radius: 0.4 })
  expect(player.own!.announced.length).toBeLessThanOrEqual(16)
  ticks(15, walk)
  expect(player.own!.state.speed).toBe(0)
})

test('a game changes how players move by the zone, in metres, seconds and radians', () => {
  const press = ability('press', {
    aim: 'none',
    cooldownSeconds: 0,
    cast(zone, by) {
      zone.mount(by, { speed: 3, radius: 0.5 })
      zone.slow(by, 0.5, 2)
      zone.root(by, 1)
      zone.push(by, Math.PI / 2, 6, 0.5)
      expect(zone.interrupt(by)).toBe(false)
    },
  })
  const { world, player, tick, ticks } = arena(undefined, [press])
  const use = { ability: 6, at: none }
  expect(tick(commands(player, 1, { ...walk, use }))).not.toContainEqual(
    expect.objectContaining({ event: 'failed' }),
  )
  ticks(12, walk)
  const { state } = player.own!
  expect(state).toMatchObject({ speed: 60, radius: 600, scale: 128, pushHeading: 16_384 })
  expect(state.rootUntil - state.pushUntil).toBe(10)
  expect(player.y).toBeGreaterThan(metresToUnits(20))
  expect(world.faults).toBe(0)
})
