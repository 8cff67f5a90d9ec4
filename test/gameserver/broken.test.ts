// An instance whose steps throw is a defect of ours: what happens to its players, and to the other instances of
// the host.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Players } from '#gameserver/sim/archetype.ts'
import { coreRules } from '#gameserver/sim/rules.ts'
import type { System } from '#gameserver/sim/rules.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { pause } from './walk.ts'

let stage: Stage

/** A defect of the core: no step ends in the instance in which the character `poison` plays. */
const boom: System = {
  name: 'boom',
  run(world) {
    if (world.zone.all(Players).some(({ name }) => name === 'poison')) throw new Error('a defect')
  },
}

beforeEach(async () => {
  const systems = [...coreRules.systems, boom]
  stage = await openStage({
    instances: ['field-1', 'field-2'],
    rules: { ...coreRules, systems },
  })
})
afterEach(async () => {
  await stage.stop()
})

async function joinPoison(): Promise<void> {
  const client = await stage.connect()
  client.send({ kind: 'join', ticket: await stage.ticket('poison') })
}

test('is closed after a second: everybody is saved where they were and closed, nobody comes in', async () => {
  const ann = await stage.join('ann', { x: 30, y: 20 })
  const bob = await stage.connect()
  bob.send({
    kind: 'join',
    ticket: await stage.ticket('bob', undefined, { instance: 'field-2' }),
  })
  await bob.welcome()
  await joinPoison()

  expect(await ann.end()).toBe('internal')
  expect(stage.persistence.left.find(({ characterId }) => characterId === 'ann')!.saved).toEqual({
    zone: 'field',
    x: metresToUnits(30),
    y: metresToUnits(20),
    heading: 0,
  })
  await expect.poll(() => stage.broken).toEqual(['field-1'])

  const late = await stage.connect()
  late.send({ kind: 'join', ticket: await stage.ticket('ann') })
  expect(await late.end()).toBe('host.unavailable')
  const { frames } = bob
  const before = frames.length
  await pause(700)
  expect(frames.length).toBeGreaterThan(before)
  expect(bob.closed).toBeUndefined()
})

test('is not reported as living any more once it is closed', async () => {
  await joinPoison()
  await expect.poll(() => stage.broken, { timeout: 4000 }).toEqual(['field-1'])
  stage.persistence.checkpoints.clear()
  stage.skew.monotonicMs += 4500
  await expect.poll(() => [...stage.persistence.checkpoints.keys()]).toEqual(['field-2'])
})
