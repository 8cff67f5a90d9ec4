// A maintenance of the realm on a host: who is told, who is let go, who stays.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Role } from '#shared/api/role.ts'
import { maintenanceWarningsMs } from '#shared/limits.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import type { ZoneClient } from './zone-client.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

const hour = 3_600_000

/** Plans one that begins in so many ms. */
function plan(inMs: number, least: Role = 'operator') {
  const from = Date.now() + inMs
  stage.persistence.plan({ from, until: from + hour, text: 'New disks', least })
  return { from, until: from + hour, text: 'New disks' }
}

const told = (client: ZoneClient) =>
  client.controls.filter((control) => control.kind === 'maintenance')
const hears = async (client: ZoneClient, times: number) =>
  await client.until(() => told(client).length >= times)

async function joinAs(characterId: string, changes: { role?: Role; synthetic?: boolean } = {}) {
  const client = await stage.connect()
  const ticket = await stage.ticket(characterId, undefined, changes)
  client.send({ kind: 'join', ticket })
  return client
}

test('who is in is told when it is planned, and who comes later when he joins', async () => {
  const ann = await stage.join('ann')
  const maintenance = plan(hour)
  await hears(ann, 1)
  const bob = await stage.join('bob')
  await hears(bob, 1)
  expect(told(ann)).toEqual([{ kind: 'maintenance', maintenance }])
  expect(told(bob)).toEqual([{ kind: 'maintenance', maintenance }])
})

test('who is in is warned again at each mark', async () => {
  const ann = await stage.join('ann')
  plan(maintenanceWarningsMs[1] + 300)
  await hears(ann, 2)
  expect(ann.closed).toBeUndefined()
})

test('from its beginning on everybody is saved and let go but whose role is high enough', async () => {
  const ann = await stage.join('ann')
  const mod = await joinAs('mod', { role: 'moderator' })
  const otto = await joinAs('otto', { role: 'operator' })
  const synthetic = await joinAs('synthia', { synthetic: true })
  for (const one of [mod, otto, synthetic]) await one.welcome()
  plan(200, 'operator')
  expect([await ann.end(), await mod.end()]).toEqual(['maintenance', 'maintenance'])
  expect(stage.persistence.left.map(({ characterId }) => characterId).toSorted()).toEqual([
    'ann',
    'mod',
  ])
  // The host runs on for those who may stay.
  await otto.keyframe()
  expect([otto.closed, synthetic.closed]).toEqual([undefined, undefined])
})

test('a ticket of before its beginning lets nobody in after it', async () => {
  const ticket = await stage.ticket('ann')
  plan(0)
  const ann = await stage.connect()
  ann.send({ kind: 'join', ticket })
  expect(await ann.end()).toBe('maintenance')
  expect(stage.persistence.calls.claim).toBe(0)
})

test('whose claim is under way at its beginning is saved and let go', async () => {
  let open = () => {}
  stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
  const ann = await joinAs('ann')
  await expect.poll(() => stage.persistence.calls.claim).toBe(1)
  plan(0)
  open()
  expect(await ann.end()).toBe('maintenance')
  expect(stage.persistence.left).toMatchObject([{ characterId: 'ann', epoch: 1 }])
})

test('while nothing can be saved nobody is let go', async () => {
  const ann = await stage.join('ann')
  stage.persistence.held = false
  await ann.until(({ controls }) => controls.some(({ kind }) => kind === 'saving'))
  plan(0)
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(ann.closed).toBeUndefined()
  stage.persistence.held = true
  expect(await ann.end()).toBe('maintenance')
})

test('that is given up is told, and nobody goes', async () => {
  const ann = await stage.join('ann')
  plan(400)
  stage.persistence.plan(undefined)
  await hears(ann, 2)
  expect(told(ann).at(-1)).toEqual({ kind: 'maintenance' })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(ann.closed).toBeUndefined()
})
