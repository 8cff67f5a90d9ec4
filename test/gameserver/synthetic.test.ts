import { afterEach, beforeEach, expect, test } from 'vitest'
import { metresToUnits } from '#shared/rules/units.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import type { ZoneClient } from './zone-client.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage({ zone: { capacity: 1 } })
})
afterEach(async () => await stage.stop())

async function joinUnseen(): Promise<ZoneClient> {
  const client = await stage.connect()
  client.send({ kind: 'join', ticket: await stage.ticket('watch', undefined, { synthetic: true }) })
  await client.keyframe()
  return client
}

const lines = ({ controls }: ZoneClient) =>
  controls.flatMap((each) => (each.kind === 'chat.nearby' ? [each.text] : []))
/** Everybody that the client ever received. */
const received = ({ frames }: ZoneClient) =>
  frames.flatMap((frame) =>
    frame.kind === 'snapshot'
      ? frame.sections.flatMap((section) => ('records' in section ? section.records : []))
      : [],
  )
const walkEast = (client: ZoneClient, first: number) => {
  const commands = Array.from({ length: 4 }, () => ({ heading: 0, buttons: 1 }))
  client.send({ kind: 'input', first, commands })
}

test('a synthetic player comes into a full zone, walks and hears itself; nobody sees or hears it', async () => {
  const ann = await stage.join('ann')
  const watch = await joinUnseen()
  const { nextCommand } = await watch.welcome()
  const before = watch.latest()!.own.x
  walkEast(watch, nextCommand)
  await watch.until((client) => client.latest()!.own.x > before + metresToUnits(0.1))
  watch.say('visit')
  expect(await watch.until((client) => lines(client)[0])).toBe('visit')
  // Ann's own line comes after whatever the other one's would have sent her.
  ann.say('alone?')
  await ann.until((client) => lines(client)[0])
  expect(lines(ann)).toEqual(['alone?'])
  const own = (await ann.welcome()).entity
  expect(received(ann).filter(({ id }) => id !== own)).toEqual([])
  expect(await watch.until((client) => lines(client)[1])).toBe('alone?')
  expect(stage.host.stats().instances[0]).toMatchObject({ players: 1, capacity: 1 })
})

test('a synthetic player takes no place from a player', async () => {
  await joinUnseen()
  const ann = await stage.join('ann')
  expect(ann.closed).toBeUndefined()
  const bob = await stage.connect()
  bob.send({ kind: 'join', ticket: await stage.ticket('bob') })
  expect(await bob.end()).toBe('instance.full')
})

test('a synthetic player leaves no trace in the world when it goes', async () => {
  const ann = await stage.join('ann')
  const watch = await joinUnseen()
  watch.send({ kind: 'leave' })
  expect(await watch.end()).toBe('left')
  expect(stage.persistence.left).toMatchObject([{ characterId: 'watch' }])
  ann.say('well')
  await ann.until((client) => lines(client)[0])
  const own = (await ann.welcome()).entity
  expect(received(ann).filter(({ id }) => id !== own)).toEqual([])
})
