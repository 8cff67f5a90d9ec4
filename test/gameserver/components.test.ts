// Components: what fields hold, what is saved of a character, and what a viewer is told.
import { describe, expect, it } from 'vitest'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { Players } from '#gameserver/sim/archetype.ts'
import { getField, getPart, setPart } from '#gameserver/sim/components.ts'
import { despawn } from '#gameserver/sim/entities.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { GameSystem } from '#gameserver/sim/rules.ts'
import { savedParts } from '#gameserver/sim/saved-parts.ts'
import type { SavedParts } from '#shared/components/component.ts'
import { step } from '#gameserver/sim/step.ts'
import { component } from '#shared/components/component.ts'
import type { Component } from '#shared/components/component.ts'
import { Health, Name } from '#shared/components/core.ts'
import {
  entityId,
  flag,
  i16,
  i32,
  int,
  oneOf,
  text,
  u16,
  u32,
  u8,
} from '#shared/components/fields.ts'
import { read } from '#client/library/view.ts'
import { expectTruth, stage } from './view-kit.ts'
import { enterInput, testZone } from './world-kit.ts'

const life = 'entity'
const newWorld = (components: readonly Component[]) =>
  createWorld(
    testZone({ creatures: [] }),
    new Map(),
    1,
    zoneGame({ players: { parts: components } }),
  )
const slotOf = ({ id }: { id: number }) => id & 0xffff
const only = <T>(field: T) => ({ value: field })

describe('a field', () => {
  it.each([
    ['u8', u8, [0, 255], [-1, 256, 1.5, Number.NaN, Infinity, '7', null]],
    ['u16', u16, [0, 65_535], [65_536]],
    ['u32', u32, [0, 4_294_967_295], [2 ** 32]],
    ['i16', i16, [-32_768, 32_767], [-32_769]],
    ['i32', i32, [-(2 ** 31), 2 ** 31 - 1], [2 ** 31]],
    ['a range', int(-3, 200), [-3, 200], [-4, 201]],
    ['a flag', flag, [true, false], [1, 0, 'true', undefined]],
    ['a choice', oneOf('a', 'b'), ['a', 'b'], ['c', 0, undefined]],
    ['a text', text(4), ['', 'four', 'éé'], ['five5', 'ééé', '\ud800', 7]],
    ['an entity', entityId, [0, 0xff_ffff], [-1, 2 ** 24]],
  ])('of %s holds what it can, and refuses the rest by name', (_, field, good, bad) => {
    const One = component('one', only(field as typeof u8), {
      audience: 'near',
      life,
      first: { value: good[0] as number },
    })
    const world = newWorld([One])
    step(world, [enterInput(1, 60, 60)])
    const player = world.players[0]!
    for (const value of good as number[]) {
      setPart(world.components, slotOf(player), One, { value }, world.tick)
      expect(getPart(world.components, slotOf(player), One)).toEqual({ value })
      expect(getField(world.components, slotOf(player), One, 'value')).toBe(value)
    }
    for (const value of bad as number[]) {
      expect(() => setPart(world.components, slotOf(player), One, { value }, world.tick)).toThrow(
        /^one\.value: /,
      )
      expect(getPart(world.components, slotOf(player), One)).toEqual({ value: good.at(-1) })
    }
  })

  it('is set with all others that are named, or none is', () => {
    const world = newWorld([Health])
    step(world, [enterInput(1, 60, 60)])
    const player = world.players[0]!
    expect(() =>
      setPart(world.components, slotOf(player), Health, { now: 5, most: -1 }, world.tick),
    ).toThrow('health.most')
    expect(getPart(world.components, slotOf(player), Health)).toEqual({ now: 100, most: 100 })
    const unknown = { now: 5, other: 1 }
    expect(() => setPart(world.components, slotOf(player), Health, unknown, world.tick)).toThrow(
      'health has no field other',
    )
    expect(getField(world.components, slotOf(player), Health, 'now')).toBe(100)
  })
})

describe('a component of low priority', () => {
  it('is told once in ten steps, by its newest value, and with what comes anew', () => {
    const Stamina = component(
      'stamina',
      { left: u16 },
      { audience: 'near', life, priority: 'low', first: { left: 0 } },
    )
    const drain: GameSystem = {
      name: 'drain',
      after: 'cells',
      run(zone) {
        for (const player of zone.all(Players)) {
          const { left } = zone.get(player, Stamina)
          if (left < 35) zone.set(player, Stamina, { left: left + 1 })
        }
      },
    }
    const rules = zoneGame({ systems: [drain], players: { parts: [Stamina] } })
    const { enter, tick } = stage(1, 20, rules)
    const [ann, bob] = [enter(55, 55), enter(56, 55)]
    tick()
    const believed = () => ann.view.entities.get(bob.welcome!.entity)!.parts['stamina']!['left']
    const told = new Set<unknown>()
    for (let i = 0; i < 60; i++) {
      tick()
      told.add(believed())
    }
    // 35 steps of change: four turns or three, one for the last of them, and what was there at first.
    expect(told.size).toBeGreaterThan(3)
    expect(told.size).toBeLessThanOrEqual(6)
    expect(believed()).toBe(35)
    const cyd = enter(57, 55)
    tick()
    expect(cyd.view.entities.get(bob.welcome!.entity)!.parts['stamina']).toEqual({ left: 35 })
  })
})

describe('components', () => {
  it('that could not be told apart or do not fit are refused by name', () => {
    const named = (name: string, field = u8) =>
      component(name, only(field), { audience: 'near', life, first: { value: 0 } })
    expect(() => newWorld([named('one'), named('one')])).toThrow(
      'component one is registered twice',
    )
    expect(() => named('No name')).toThrow('No name is no name of a component')
    expect(() => component('none', {}, { audience: 'near', life, first: {} })).toThrow('0 fields')
    const long = component(
      'long',
      { a: text(), b: text() },
      { audience: 'near', life, first: { a: '', b: '' } },
    )
    expect(() => newWorld([long])).toThrow('components of player may take')
    expect(() =>
      component('bad', only(u8), { audience: 'near', life, first: { value: 300 } }),
    ).toThrow('bad.value: 300')
    const world = newWorld([])
    step(world, [enterInput(1, 60, 60)])
    expect(() => getPart(world.components, slotOf(world.players[0]!), Health)).toThrow(
      'health is not registered',
    )
  })

  it('of a character come back as they were saved, by their versions', () => {
    const first = { now: 10, most: 20, title: 'none' }
    const Vigour = component(
      'vigour',
      { now: u8, most: u8, title: text(20) },
      {
        audience: 'owner',
        life: 'character',
        first,
        version: 3,
        migrate: (older, from) =>
          from === 1 ? { ...older, most: Number(older['most']) + 1 } : { ...older, title: 'old' },
      },
    )
    const back = (parts: SavedParts) => {
      const world = newWorld([Vigour])
      const failed = step(world, [{ ...enterInput(1, 60, 60), parts }]).filter(
        ({ event }) => event === 'failed',
      )
      const player = world.players[0]!
      return {
        values: getPart(world.components, slotOf(player), Vigour),
        saved: savedParts(world, player, parts),
        failed,
      }
    }
    const found = back({ vigour: { v: 1, now: 3, most: 4 }, gone: { v: 7, kept: 'as it is' } })
    expect(found.values).toEqual({ now: 3, most: 5, title: 'old' })
    expect(found.saved).toEqual({
      vigour: { v: 3, now: 3, most: 5, title: 'old' },
      gone: { v: 7, kept: 'as it is' },
    })
    expect(found.failed).toEqual([])
    // A later version has a field more: it is carried on, under its number.
    const later = { vigour: { v: 4, now: 3, most: 4, title: 'new', mount: 'horse' } }
    expect(back(later).saved).toEqual(later)
    // What no field holds any more begins anew, and is reported.
    const odd = back({ vigour: { v: 3, now: 9, most: 300, title: 'x' } })
    expect(odd.values).toEqual({ now: 9, most: 20, title: 'x' })
    expect(odd.failed).toMatchObject([{ error: { message: expect.stringMatching('vigour.most') } }])
  })

  it('whose migration throws begin anew, and the character comes in', () => {
    const Broken = component('broken', only(u8), {
      audience: 'owner',
      life: 'character',
      first: { value: 7 },
      version: 2,
      migrate() {
        throw new Error('no way')
      },
    })
    const world = newWorld([Broken])
    const events = step(world, [{ ...enterInput(1, 60, 60), parts: { broken: { v: 1 } } }])
    expect(events).toMatchObject([
      { event: 'failed', what: 'saved parts of Player1', error: { message: 'no way' } },
      { event: 'entered' },
    ])
    expect(getPart(world.components, slotOf(world.players[0]!), Broken)).toEqual({ value: 7 })
  })
})

describe('a viewer', () => {
  const Six = Array.from({ length: 6 }, (_, i) =>
    component(`part${i}`, { a: u16, b: u16 }, { audience: 'near', life, first: { a: i, b: 0 } }),
  )
  const Secret = component('secret', only(text(30)), {
    audience: 'server',
    life,
    first: { value: 'a' },
  })

  it('is sent nothing for components that do not change, and only the field that does', () => {
    let changes = 0
    const change: GameSystem = {
      name: 'change',
      after: 'cells',
      run: (zone) => void (changes > 0 && zone.set(zone.all(Players)[0]!, Six[2]!, { b: changes })),
    }
    const rules = zoneGame({ systems: [change], players: { parts: Six } })
    const { instance, enter, tick } = stage(1, 20, rules)
    const { creatures } = instance.world
    while (creatures.length > 0) despawn(instance.world, creatures[0]!)
    const client = enter(60, 60)
    for (let i = 0; i < 5; i++) tick()
    const before = client.bytes
    const frames = client.snapshots
    for (let i = 0; i < 100; i++) tick()
    // A frame each 500 ms, with nothing but its head and the own body.
    const quiet = (client.bytes - before) / (client.snapshots - frames)
    expect(quiet).toBe(25)
    changes = 513
    tick()
    expect(client.latest!.sections).toEqual([
      {
        section: 'cell',
        cell: instance.world.players[0]!.cell,
        records: [
          {
            record: 'parts',
            id: client.welcome!.entity,
            parts: [{ component: 4, values: { b: 513 } }],
          },
        ],
      },
    ])
    expectTruth(instance, client)
  })

  it('never meets the name or a value of what the server alone knows', () => {
    const speak: GameSystem = {
      name: 'speak',
      after: 'cells',
      run: (zone) => {
        for (const player of zone.all(Players))
          zone.set(player, Secret, { value: `SECRET${zone.now}` })
      },
    }
    const rules = zoneGame({ systems: [speak], players: { parts: [Secret] } })
    const { enter, tick } = stage(1, 20, rules)
    const client = enter(60, 60)
    enter(62, 60)
    for (let i = 0; i < 40; i++) tick()
    expect(client.text).not.toMatch(/secret/i)
    expect(client.text).toContain('Player1')
  })

  it('reads a component by its declaration, and not one that the zone lacks', () => {
    const parts = { health: { now: 3, most: 9 }, name: {} }
    expect(read({ parts }, Health)).toEqual({ now: 3, most: 9 })
    expect(read({ parts }, Name)).toBeUndefined()
    expect(read({ parts }, Six[0]!)).toBeUndefined()
  })
})
