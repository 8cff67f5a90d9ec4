// One step fails, later ones do not: nothing of the failed step may be lost.
import { afterEach, expect, test } from 'vitest'
import { coreRules } from '#gameserver/sim/rules.ts'
import type { System } from '#gameserver/sim/rules.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import type { ZoneClient } from './zone-client.ts'

let stage: Stage
afterEach(async () => await stage.stop())

/** The core's rules with a system after `position` others that throws in the first step that `when` finds. */
async function open(position: number, when: (...of: Parameters<System['run']>) => boolean) {
  let thrown = 0
  const boom: System = {
    name: 'boom',
    run(world, tick) {
      if (thrown > 0 || !when(world, tick)) return
      thrown++
      throw new Error('a defect')
    },
  }
  const systems = coreRules.systems.toSpliced(position, 0, boom)
  stage = await openStage({ rules: { ...coreRules, systems } })
  return () => thrown
}

const sees = (client: ZoneClient, id: number): boolean =>
  client.frames.some(
    (frame) =>
      frame.kind === 'snapshot' &&
      frame.sections.some(
        (section) =>
          'records' in section &&
          section.records.some((record) => record.record === 'entity' && record.id === id),
      ),
  )
/** Whether the latest frame is a keyframe without it. */
const knowsGone = (client: ZoneClient, id: number): boolean => {
  const last = client.latest()
  if (last?.keyframe !== true) return false
  const records = last.sections.flatMap((one) => ('records' in one ? one.records : []))
  return records.every((record) => record.id !== id)
}

test('who enters in it is in the world, is welcomed, and is seen by the others', async () => {
  const thrown = await open(1, (world) => world.players.length === 2)
  const ann = await stage.join('ann')
  const bob = await stage.join('bob')
  expect(thrown()).toBe(1)
  const { entity } = await bob.welcome()
  await bob.keyframe()
  await ann.until((client) => sees(client, entity))
})

test('who leaves in it is gone for the others too', async () => {
  const thrown = await open(1, (_, tick) => tick.events.some(({ event }) => event === 'left'))
  const ann = await stage.join('ann')
  const bob = await stage.join('bob')
  const { entity } = await bob.welcome()
  await ann.until((client) => sees(client, entity))
  bob.send({ kind: 'leave' })
  expect(await bob.end()).toBe('left')
  await ann.until((client) => knowsGone(client, entity))
  expect(thrown()).toBe(1)
})

test('what was said in it is sent', async () => {
  const thrown = await open(2, (_, tick) => tick.events.some(({ event }) => event === 'message'))
  const ann = await stage.join('ann')
  ann.say('hello')
  await ann.until(({ controls }) => controls.some(({ kind }) => kind === 'chat.nearby'))
  expect(thrown()).toBe(1)
})

test('who cannot be put into the world is let go, and the others enter', async () => {
  const refuse: System = {
    name: 'refuse',
    run({ slots }) {
      if (slots.length > 0) return
      slots.length = 65_536
    },
  }
  stage = await openStage({ rules: { ...coreRules, systems: [refuse, ...coreRules.systems] } })
  const ann = await stage.connect()
  ann.send({ kind: 'join', ticket: await stage.ticket('ann') })
  expect(await ann.end()).toBe('internal')
  expect(stage.persistence.left).toMatchObject([{ characterId: 'ann' }])
  expect(stage.broken).toEqual([])
})

test('a player whose name fits no record is turned away, and nobody else', async () => {
  stage = await openStage()
  const ann = await stage.join('ann')
  const client = await stage.connect()
  const ticket = await stage.ticket('long')
  stage.persistence.guards.get('long')!.name = 'x'.repeat(300)
  client.send({ kind: 'join', ticket })
  expect(await client.end()).toBe('internal')
  expect(ann.closed).toBeUndefined()
  expect(stage.broken).toEqual([])
})
