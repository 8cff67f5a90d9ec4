// Events of the content in a zone: what a game is told, how often, and what players hear before.
import { afterEach, describe, expect, test } from 'vitest'
import { createWorld } from '#gameserver/sim/create-world.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import { step } from '#gameserver/sim/step.ts'
import { onEvent } from '#gameserver/sim/world-events.ts'
import type { WorldInput } from '#gameserver/sim/world.ts'
import { eventSchema } from '#shared/content/content.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { testZone } from './world-kit.ts'

/** A game that writes down what it is told. */
function listening() {
  const told: string[] = []
  const fair = onEvent('fair', {
    begins: (zone, { id, since }) => void told.push(`${zone.id} begins ${id} ${since}`),
    ends: (zone, { id, since }) => void told.push(`${zone.id} ends ${id} ${since}`),
  })
  return { told, rules: zoneGame({ events: [fair] }) }
}

describe('a world', () => {
  const start = 1_800_000_000_000
  const on = (startsAt: number, at = startsAt): WorldInput => ({
    input: 'worldEvents',
    at,
    on: [{ event: 'fair', startsAt, endsAt: startsAt + 60_000 }],
  })
  const none = (at: number): WorldInput => ({ input: 'worldEvents', at, on: [] })

  function play(...steps: WorldInput[][]) {
    const { told, rules } = listening()
    const world = createWorld(testZone({ creatures: [] }), new Map(), 7, rules)
    for (const inputs of steps) step(world, inputs, rules)
    return told
  }

  test('is told once that an event begins and once that it ends', () => {
    const told = play([on(start)], [on(start)], [], [none(start + 60_000)], [none(start + 61_000)])
    expect(told).toEqual(['field begins fair@1800000000000 0', 'field ends fair@1800000000000 60'])
  })

  test('that begins in the middle of it is told since when it is on', () => {
    expect(play([on(start, start + 30_500)])).toEqual(['field begins fair@1800000000000 30'])
  })

  test('that missed an end is told it before the next beginning', () => {
    expect(play([on(start)], [on(start + 86_400_000)])).toEqual([
      'field begins fair@1800000000000 0',
      'field ends fair@1800000000000 86400',
      'field begins fair@1800086400000 0',
    ])
  })

  test('whose game throws in a handler goes on, and the occurrence counts as told', () => {
    let calls = 0
    const fair = onEvent('fair', {
      begins() {
        calls++
        throw new Error('no stalls')
      },
    })
    const rules = zoneGame({ events: [fair] })
    const world = createWorld(testZone({ creatures: [] }), new Map(), 7, rules)
    const events = step(world, [on(start)], rules)
    step(world, [on(start)], rules)
    expect(events).toMatchObject([{ event: 'failed', what: 'event fair, begins' }])
    expect(calls).toBe(1)
  })

  test('of a game that registers an event twice is refused', () => {
    const twice = () => zoneGame({ events: [onEvent('fair', {}), onEvent('fair', {})] })
    expect(twice).toThrow('the event fair is registered twice')
  })
})

describe('a host', () => {
  let stage: Stage
  afterEach(async () => {
    await stage.stop()
  })

  /** An event that begins in so many ms. */
  const fairIn = (ms: number, more: object = {}) =>
    eventSchema.parse({
      id: 'fair',
      name: 'Fair',
      text: 'At the lake.',
      when: { every: 'once', at: new Date(Date.now() + ms).toISOString() },
      minutes: 1,
      ...more,
    })

  test('tells its zones, by the clock, those of the event alone', async () => {
    const { told, rules } = listening()
    const elsewhere = { ...fairIn(0, { zone: 'elsewhere' }), id: 'other' }
    stage = await openStage({ rules, events: [fairIn(500), elsewhere] })
    await stage.join('ann')
    expect(told).toEqual([])
    await expect.poll(() => told, { timeout: 5000 }).toHaveLength(1)
    // The end of the minute comes by the clock of the machine.
    stage.skew.wallMs += 60_000
    await expect.poll(() => told, { timeout: 5000 }).toHaveLength(2)
    expect(told[0]).toMatch(/^field begins fair@\d+ [01]$/)
    expect(told[1]).toMatch(/^field ends fair@/)
  })

  test('says to everybody once that an event comes, and not what was to be said before it ran', async () => {
    const soon = fairIn(60_000 + 700, { announceMinutes: 1 })
    const past = { ...fairIn(30_000, { announceMinutes: 1 }), id: 'past' }
    stage = await openStage({ events: [soon, past] })
    const ann = await stage.join('ann')
    const heard = () => ann.controls.filter(({ kind }) => kind === 'announce')
    await ann.until(() => heard().length > 0)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    expect(heard()).toEqual([{ kind: 'announce', text: 'In 1 minute: Fair. At the lake.' }])
  })
})
