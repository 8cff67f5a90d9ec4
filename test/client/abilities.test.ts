// What a player's client shows of abilities and of what moves it besides commands, against a real world.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ability } from '#gameserver/sim/ability.ts'
import { getPart } from '#gameserver/sim/components.ts'
import { mount, push, root, slow } from '#gameserver/sim/impose.ts'
import { component } from '#shared/components/component.ts'
import { u16 } from '#shared/components/fields.ts'
import { BUTTON_WALK } from '#shared/rules/movement.ts'
import type { Aim } from '#shared/rules/own-state.ts'
import { link } from './link-kit.ts'
import type { Linked } from './link-kit.ts'

const Mana = component(
  'mana',
  { now: u16 },
  { audience: 'owner', life: 'character', first: { now: 1000 } },
)
const abilities = [
  ability('dash', {
    aim: 'heading',
    cooldownSeconds: 1,
    move: { dash: { speed: 12, seconds: 0.3 } },
  }),
  ability('leap', {
    aim: 'place',
    range: 10,
    cooldownSeconds: 2,
    cost: { from: Mana, field: 'now', amount: 7 },
    move: { dash: { speed: 10, seconds: 0.5 } },
  }),
  ability('sprint', {
    aim: 'none',
    cooldownSeconds: 4,
    move: { scale: 1.5, seconds: 2 },
  }),
  ability('ride', {
    aim: 'none',
    cooldownSeconds: 0.5,
    castSeconds: 0.7,
    move: { mount: { speed: 9, radius: 0.9 } },
  }),
  ability('bolt', {
    aim: 'heading',
    cooldownSeconds: 0.8,
    cost: { from: Mana, field: 'now', amount: 20 },
  }),
]
const rules = { abilities, players: { parts: [Mana] } }

/** Park and Miller's generator. */
function chance(seed: number) {
  let state = (seed % 2_147_483_646) + 1
  return (below: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

function aimOf(kind: string, draw: (below: number) => number, { player }: Linked): Aim {
  if (kind === 'heading') return { aim: 'heading', heading: draw(65_536) }
  if (kind !== 'place') return { aim: 'none' }
  return {
    aim: 'place',
    x: player.x + draw(12_000),
    y: Math.max(0, player.y - 6000 + draw(12_000)),
  }
}

/** Plays for some seconds: random courses, abilities and changes. Answers the commands that used an ability. */
function play(linked: Linked, seconds: number, seed: number): number[] {
  const draw = chance(seed)
  const used: number[] = []
  const { world, player } = linked
  const changes = [
    () => slow(world, player, 0.3 + draw(10) / 10, draw(30) / 10),
    () => root(world, player, draw(15) / 10),
    () => push(world, player, draw(65_536), draw(12), draw(10) / 10),
    () => mount(world, player, { speed: 3 + draw(8), radius: 0.3 + draw(8) / 10 }),
    () => mount(world, player, undefined),
  ]
  linked.pass(seconds * 1000, () => {
    if (draw(12) === 0) changes[draw(changes.length)]!()
    if (draw(6) === 0) {
      linked.zone.intend({ heading: draw(65_536), buttons: draw(5) === 0 ? 0 : BUTTON_WALK })
    }
    if (draw(8) > 0) return
    const { name, told } = abilities[draw(abilities.length)]!
    const answer = linked.zone.use(name, aimOf(told.aim, draw, linked))
    if ('command' in answer) used.push(answer.command)
  })
  return used
}

/** Stands until nothing is under way; the client then shows what the server has. */
function expectAgreement(linked: Linked): void {
  linked.zone.intend({ heading: 0, buttons: 0 })
  linked.pass(6000)
  const { x, y, heading, speed } = linked.player
  expect(linked.zone.self(0)).toMatchObject({ x, y, heading, speed })
}

const seeds = fc.integer({ min: 0, max: 1e9 })

describe.each([0, 40, 120, 250])('over a link of %i ms there and back, without loss', (rttMs) => {
  test('slows, roots, pushes, dashes and mounts are predicted without a correction', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const after = seed % 2 === 0 ? 'movement' : 'messages'
        const linked = link(rules, { delayMs: () => rttMs / 2, after })
        const used = play(linked, 20, seed)
        expectAgreement(linked)
        expect(linked.corrections).toBe(0)
        expect(used.length).toBeGreaterThan(3)
        // Once each, in order; and nothing that the client allows is refused.
        expect(linked.outcomes).toEqual(used.map((command) => ({ command, refused: undefined })))
      }),
      { numRuns: 20 },
    )
  })
})

describe('over a link that loses and delays', () => {
  test('client and server agree again, and each use has one outcome', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const draw = chance(seed)
        // Each twentieth packet is sent again by the transport, and those behind it wait.
        const linked = link(rules, { delayMs: () => 30 + draw(60) + (draw(20) === 0 ? 300 : 0) })
        const used = play(linked, 20, seed)
        linked.delayMs = () => 40
        expectAgreement(linked)
        expect(linked.corrections).toBeLessThan(200)
        expect(linked.outcomes.map(({ command }) => command).sort((a, b) => a - b)).toEqual(used)
      }),
      { numRuns: 20 },
    )
  })

  test('a resume goes on with what is in force', () => {
    const linked = link(rules, { delayMs: () => 50 })
    linked.zone.intend({ heading: 0, buttons: BUTTON_WALK })
    linked.pass(1000)
    expect(linked.zone.use('sprint', { aim: 'none' })).toHaveProperty('command')
    linked.pass(500)
    root(linked.world, linked.player, 1.5)
    linked.pass(300)
    linked.resume()
    linked.pass(300)
    expect(linked.zone.use('sprint', { aim: 'none' })).toEqual({ refused: 'cooldown' })
    const before = linked.corrections
    linked.zone.intend({ heading: 0, buttons: BUTTON_WALK })
    linked.pass(200)
    expect(linked.zone.self(0).speed).toBe(0)
    linked.pass(3000)
    expect(linked.zone.self(0).speed).toBe(100)
    expect(linked.corrections).toBe(before)
  })
})

describe('what a player may use', () => {
  const ready = () => link(rules, { delayMs: () => 60 })

  test('is refused at once by what the client knows', () => {
    const { zone, pass } = ready()
    const east: Aim = { aim: 'heading', heading: 0 }
    expect(zone.use('fly', { aim: 'none' })).toEqual({ refused: 'unknown' })
    expect(zone.use('dash', { aim: 'none' })).toEqual({ refused: 'aim' })
    expect(zone.use('leap', { aim: 'place', x: 0, y: 100_000 })).toEqual({ refused: 'range' })
    expect(zone.use('bolt', east)).toHaveProperty('command')
    expect(zone.use('dash', east)).toEqual({ refused: 'busy' })
    pass(60)
    expect(zone.use('bolt', east)).toEqual({ refused: 'cooldown' })
    expect([0.7, 0.75]).toContain(zone.readyIn('bolt'))
    expect(zone.use('ride', { aim: 'none' })).toHaveProperty('command')
    pass(60)
    expect(zone.use('dash', east)).toEqual({ refused: 'casting' })
    const { ability, left } = zone.casting()!
    expect(ability).toBe('ride')
    expect(left).toBeGreaterThan(0)
    pass(left * 1000 - 100)
    expect(zone.casting()!.left).toBeLessThan(left)
    pass(300)
    expect(zone.casting()).toBeUndefined()
    expect(zone.readyIn('fly')).toBeUndefined()
  })

  test('costs at once what it costs, once', () => {
    const { zone, pass, world, player } = ready()
    const shown = () => zone.entity(player.id)!.parts['mana']!['now']
    const values = new Set([shown()])
    zone.use('bolt', { aim: 'heading', heading: 0 })
    for (let i = 0; i < 40; i++) {
      pass(10)
      values.add(shown())
    }
    expect([...values]).toEqual([1000, 980])
    expect(getPart(world.components, player.id & 0xffff, Mana)).toEqual({ now: 980 })
  })

  test('is taken back when the server refuses what the client could not know', () => {
    const linked = ready()
    const { zone, pass, player } = linked
    zone.intend({ heading: 0, buttons: BUTTON_WALK })
    pass(500)
    const answer = zone.use('dash', { aim: 'heading', heading: 16_384 })
    // Its packet comes after its tick.
    linked.delayMs = () => 400
    pass(60)
    linked.delayMs = () => 60
    pass(3000)
    expect(linked.outcomes).toEqual([{ ...answer, refused: 'late' }])
    expect(player.y).toBe(24_000)
    expectAgreement(linked)
    expect(zone.readyIn('dash')).toBe(0)
  })
})

test('a client that names no snapshot, or a wrong one, delays no change by more than half a second', () => {
  for (const known of [0, 1, 0xffff_ffff]) {
    const linked = link(rules, { delayMs: () => 0 })
    const { world, player } = linked
    linked.quiet = true
    let first = player.commands!.expected + 20
    let rootedAt = -1
    let stoodAt = -1
    linked.pass(3000, (tick) => {
      if (tick === 40) {
        root(world, player, 2)
        rootedAt = tick
      }
      if (rootedAt >= 0 && stoodAt < 0 && player.speed === 0) stoodAt = tick
      const command = { heading: 0, buttons: BUTTON_WALK }
      linked.send({ kind: 'input', first, known, commands: [command] })
      first++
    })
    expect(stoodAt - rootedAt).toBeGreaterThan(0)
    expect(stoodAt - rootedAt).toBeLessThanOrEqual(10)
  }
})
