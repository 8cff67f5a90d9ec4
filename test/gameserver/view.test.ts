// The views of clients, compared with the world at every tick.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { takeContent } from '#gameserver/instance/delivery.ts'
import { countPlayers } from '#gameserver/instance/instance.ts'
import { archetype, Creatures, Players, Walls } from '#gameserver/sim/archetype.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { GameSystem } from '#gameserver/sim/rules.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import { details } from '#gameserver/net/detail.ts'
import { component } from '#shared/components/component.ts'
import { Name } from '#shared/components/core.ts'
import { u16, u8 } from '#shared/components/fields.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { expectTruth, nearTo, stage } from './view-kit.ts'
import type { TestClient } from './view-kit.ts'

const life = 'entity'
const Mood = component(
  'mood',
  { joy: u8, pose: u8 },
  { audience: 'near', life, first: { joy: 0, pose: 3 } },
)
const Purse = component('purse', { gold: u16 }, { audience: 'owner', life, first: { gold: 0 } })
const Plan = component('plan', { next: u16 }, { audience: 'server', life, first: { next: 0 } })

const Wounds = component('wounds', { depth: u8 }, { audience: 'party', life, first: { depth: 1 } })

const Glow = component(
  'glow',
  { at: u16, also: u16 },
  { audience: 'near', life, priority: 'low', first: { at: 0, also: 0 } },
)
const Breath = component(
  'breath',
  { at: u16 },
  { audience: 'owner', life, priority: 'low', first: { at: 0 } },
)

/**
 * A game that changes something of some entities now and then: for all, for the player, for his party, for
 * nobody. Parties change as well.
 */
const mood: GameSystem = {
  name: 'mood',
  after: 'cells',
  run(zone) {
    const tick = Number(zone.state['tick'] ?? 0) + 1
    zone.state['tick'] = tick
    const players = zone.all(Players)
    for (const entity of [...players, ...zone.all(Creatures)]) {
      if (entity.id % 3 !== 0 && (tick + entity.id) % 7 === 0) {
        zone.set(entity, Name, { text: `tick ${tick}` })
      }
    }
    for (const player of players) {
      zone.set(player, Glow, { at: tick, also: tick })
      zone.set(player, Breath, { at: tick })
      if ((tick + player.id) % 5 === 0) zone.set(player, Mood, { joy: tick & 0xff })
      if ((tick + player.id) % 3 === 0) zone.set(player, Purse, { gold: tick })
      if ((tick + player.id) % 4 === 0) zone.set(player, Plan, { next: tick })
      if ((tick + player.id) % 6 === 0) zone.set(player, Wounds, { depth: tick & 0xff })
      if ((tick + player.id) % 11 === 0) zone.setParty(player, (tick + player.id) % 3)
    }
  },
}

describe('a viewer', () => {
  test('knows everybody in view exactly at each frame, and who is near at every tick, over random walks, arrivals and departures', () => {
    const act = fc.record({
      who: fc.nat(5),
      what: fc.constantFrom(
        'walk',
        'walk',
        'walk',
        'stand',
        'leave',
        'enter',
        'stall',
        'flow',
        'late',
      ),
      heading: fc.nat(65_535),
      ticks: fc.integer({ min: 1, max: 12 }),
    })
    const rules = zoneGame({
      systems: [mood],
      players: { parts: [Mood, Purse, Plan, Wounds, Glow, Breath] },
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.constantFrom(20 as const, 30 as const),
        fc.constantFrom({ nearTicks: 1, farTicks: 1 }, ...details),
        fc.array(act, { minLength: 10, maxLength: 60 }),
        (seed, tickHz, detail, acts) => {
          const { instance, clients, enter, tick, command } = stage(seed, tickHz, rules)
          instance.detail = detail
          for (const [x, y] of [
            [55, 55],
            [62, 62],
            [75, 60],
            [30, 30],
          ] as const)
            enter(x, y)
          tick()
          let deliveredAt = instance.world.tick
          const courses = clients.map(() => ({ heading: 0, buttons: 0 }))
          for (const { who, what, heading, ticks } of acts) {
            const at = who % clients.length
            const client = clients[at]!
            if (what === 'walk') courses[at] = { heading, buttons: 1 }
            if (what === 'stand') courses[at] = { heading, buttons: 0 }
            if (what === 'stall') client.backlog = 100_000
            if (what === 'flow') client.backlog = 0
            if (what === 'leave' && client.clientConnection.state === 'playing') {
              client.listener.frame(encodeClientFrame({ kind: 'leave' }))
            }
            if (what === 'enter' && clients.length < 9) {
              enter(20 + (heading % 80), 20 + (heading % 79))
              courses.push({ heading, buttons: 1 })
            }
            for (let i = 0; i < ticks; i++) {
              // A loop that is late makes up for up to five steps at once and delivers the last one.
              const delivers = what !== 'late' || i % 5 === 4 || i === ticks - 1
              for (const [index, one] of clients.entries()) {
                if (one.welcome === undefined) continue
                command(one, courses[index]!.heading, courses[index]!.buttons)
              }
              const plays = (one: TestClient) =>
                instance.world.players.some(({ id }) => id === one.welcome?.entity) &&
                one.clientConnection.state === 'playing' &&
                instance.roster.findStay(one.welcome!.stay) !== undefined
              const near = clients.map((one) => plays(one) && nearTo(instance, one))
              tick(delivers)
              if (!delivers) continue
              const now = instance.world.tick
              const undelivered = Array.from({ length: now - deliveredAt }, (_, n) => now - n)
              deliveredAt = now
              for (const [index, one] of clients.entries()) {
                if (!plays(one) || one.backlog > 0) continue
                const slot = one.welcome!.entity & 0xffff
                const isTurn = undelivered.some((at) => (at + slot) % detail.farTicks === 0)
                if (one.latest?.tick === now || isTurn) expectTruth(instance, one)
                else if (detail.nearTicks === 1 && near[index])
                  expectTruth(instance, one, near[index])
              }
            }
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('sees as far as content says from its change on, as one who comes in later does', () => {
    const { instance, enter, tick } = stage(1)
    const before = enter(10, 60)
    enter(55, 60)
    for (let i = 0; i < 5; i++) tick()
    const zone = { ...instance.zone, viewRadius: 80 }
    takeContent(instance, { ...instance.content, zones: new Map([[zone.id, zone]]) })
    for (let i = 0; i < 3; i++) tick()
    const after = enter(12, 60)
    tick()
    const names = ({ view }: TestClient) =>
      [...view.entities.values()].map(({ parts }) => parts['name']!['text'])
    expect(names(after)).toContain('Player1')
    expect(names(before)).toContain('Player1')
    expectTruth(instance, before)
  })

  test('gets its own position and the last command taken in every frame', () => {
    const { instance, enter, tick, command } = stage(1)
    const client = enter(60, 50)
    tick()
    const own = instance.world.players[0]!
    for (let i = 0; i < 20; i++) {
      command(client, 8192, 1)
      tick()
      const { tick: at, ack, own: body } = client.latest!
      if (at !== instance.world.tick) continue
      const { x, y, heading, speed } = own
      expect(body).toEqual({ x, y, heading, speed })
      expect(ack).toBe(i + 1)
    }
  })

  test.each([20, 30] as const)('is sent a snapshot at least every 500 ms at %i Hz', (tickHz) => {
    const { instance, enter, tick, now } = stage(1, tickHz)
    // Nobody moves: no creature is within the corner's view.
    instance.world.creatures.forEach(
      (creature) => (creature.wander!.until = Number.MAX_SAFE_INTEGER),
    )
    const client = enter(5, 5)
    tick()
    expect(client.snapshots).toBe(1)
    let sentAt = now()
    let sent = client.snapshots
    for (let i = 0; i < tickHz * 60; i++) {
      // Timers fire up to half a millisecond early; a tick is done late when the machine is busy.
      tick(true, i % 7 === 0 ? 20 : -0.5)
      if (client.snapshots === sent) continue
      sent = client.snapshots
      expect(now() - sentAt).toBeLessThanOrEqual(500)
      sentAt = now()
    }
    // No more than that needs, for nothing has changed.
    expect(sent).toBeLessThanOrEqual(1 + 60 * 2.5)
  })

  test('that does not read gets no frames, then a keyframe once it has drained', () => {
    const { instance, enter, tick, command } = stage(3)
    const slow = enter(60, 50)
    const other = enter(62, 50)
    tick()
    tick()
    slow.backlog = 70_000
    const before = slow.snapshots
    for (let i = 0; i < 40; i++) {
      command(other, 16_384 * (i >> 3), 1)
      tick()
    }
    expect(slow.snapshots).toBe(before)
    slow.backlog = 20_000
    tick()
    expect(slow.snapshots).toBe(before)
    slow.backlog = 0
    tick()
    expect(slow.latest!.keyframe).toBe(true)
    expectTruth(instance, slow)
    tick()
    expectTruth(instance, slow)
  })

  test('that has not read for 10 s is closed and stands in the world until its time is up', () => {
    const { instance, enter, tick } = stage(3)
    const slow = enter(60, 50)
    tick()
    slow.backlog = 70_000
    for (let i = 0; i < 20 * 10 + 2; i++) tick()
    expect(slow.closed).toBe('timeout')
    expect(countPlayers(instance)).toBe(1)
    for (let i = 0; i < 20 * 61; i++) tick()
    expect(countPlayers(instance)).toBe(0)
  })

  test('with more than 1 MiB waiting is closed at once', () => {
    const { enter, tick } = stage(3)
    const slow = enter(60, 50)
    tick()
    slow.backlog = 2 ** 20 + 1
    tick()
    expect(slow.closed).toBe('timeout')
  })
})

test('a projectile is told once, followed exactly, and told again only when it crosses or goes', () => {
  const Ball = archetype('ball', { body: 'projectile', radius: 0.3, collides: [Walls] })
  let shots = 1
  const shoot = (zone: Zone) => {
    const [player] = zone.all(Players)
    if (player === undefined || zone.now < 0.5 || shots-- <= 0) return
    zone.launch(Ball, player, { heading: Math.PI, speed: 25, range: 30 })
  }
  const rules = zoneGame({
    archetypes: [Ball],
    systems: [{ name: 'shoot', after: 'messages', run: shoot }],
  })
  const { instance, enter, tick } = stage(1, 20, rules)
  const client = enter(55, 60)
  const told: string[] = []
  let ball: number | undefined
  let seen = 0
  for (let i = 0; i < 40; i++) {
    tick()
    ball ??= instance.world.peers.get(Ball)![0]?.id
    if (client.snapshots === seen) continue
    seen = client.snapshots
    for (const section of client.latest!.sections) {
      if (section.section !== 'cell') continue
      for (const { id, record } of section.records) if (id === ball) told.push(record)
    }
    if (client.latest!.tick === instance.world.tick) expectTruth(instance, client)
  }
  // From 55 m to 25 m it crosses the borders at 50 m, 37.5 m and 25 m at most; each is told by two cells.
  expect(told[0]).toBe('entity')
  expect(told.at(-1)).toBe('gone')
  expect(told.filter((record) => record === 'entity')).toHaveLength(1)
  expect(told.filter((record) => record === 'motion').length).toBeLessThanOrEqual(3)
  expect(told.length).toBeLessThanOrEqual(2 + 2 * 3)
  expect(instance.world.peers.get(Ball)).toEqual([])
})
