// A world that goes on with the code of its game as it is now.
import { describe, expect, it } from 'vitest'
import { adoptRules } from '#gameserver/sim/adopt-rules.ts'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { archetype } from '#gameserver/sim/archetype.ts'
import { getPart, setPart } from '#gameserver/sim/components.ts'
import { makeEntity } from '#gameserver/sim/entities.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import type { Entity, World } from '#gameserver/sim/world.ts'
import type { Archetype } from '#gameserver/sim/zone.ts'
import type { Component } from '#shared/components/component.ts'
import type { Shape } from '#shared/components/fields.ts'
import { component } from '#shared/components/component.ts'
import { text, u16, u8 } from '#shared/components/fields.ts'
import { deer, enterInput, testZone } from './world-kit.ts'

/** The code of a game: each load of it makes other objects of the same declarations. */
function load(changes: { mana?: typeof u8; life?: 'entity' | 'character' } = {}) {
  const { mana = u8, life = 'character' } = changes
  const Mana = component('mana', { now: mana }, { audience: 'owner', life, first: { now: 9 } })
  const Mood = component(
    'mood',
    { word: text(8) },
    { audience: 'server', life: 'entity', first: { word: 'shy' } },
  )
  const Deer = archetype('deer', { body: 'walker', parts: [Mood] })
  return { Mana, Mood, Deer, rules: zoneGame({ players: { parts: [Mana] }, archetypes: [Deer] }) }
}

const made = (world: World, of: Archetype, x: number) =>
  makeEntity(world, of, { x, y: 12_000, heading: 0 }) as Entity
const get = <S extends Shape>(world: World, { id }: Entity, part: Component<S>) =>
  getPart(world.components, id & 0xffff, part)

function start() {
  const old = load()
  const world = createWorld(testZone({ creatures: [] }), new Map([[deer.id, deer]]), 1, old.rules)
  step(world, [enterInput(1, 60, 60)], old.rules)
  const player = world.players[0]!
  const animal = made(world, old.Deer, 12_000)
  setPart(world.components, player.id & 0xffff, old.Mana, { now: 70 }, world.tick)
  setPart(world.components, animal.id & 0xffff, old.Mood, { word: 'bold' }, world.tick)
  return { old, world, player, animal }
}

describe('a world with the code of its game as it is now', () => {
  it('has all values and tells nobody anything again', () => {
    const { world, player, animal } = start()
    const { latest } = world.components
    const told = [latest.near[0], latest.owner[0]]
    const now = load()
    expect(adoptRules(world, now.rules)).toBe(true)
    expect(get(world, player, now.Mana)).toEqual({ now: 70 })
    expect(get(world, animal, now.Mood)).toEqual({ word: 'bold' })
    expect(animal.archetype).toBe(now.Deer)
    expect(world.peers.get(now.Deer)).toEqual([animal])
    expect([world.components.latest.near[0], world.components.latest.owner[0]]).toEqual(told)
    step(world, [], now.rules)
    const next = made(world, now.Deer, 24_000)
    expect(get(world, next, now.Mood)).toEqual({ word: 'shy' })
  })

  it.each([
    ['a field is another', { mana: u16 }],
    ['a component lives longer', { life: 'entity' }],
  ] as const)('stays as it is when %s', (_, changes) => {
    const { old, world, player } = start()
    expect(adoptRules(world, load(changes).rules)).toBe(false)
    expect(get(world, player, old.Mana)).toEqual({ now: 70 })
  })
})
