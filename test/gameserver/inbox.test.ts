// Commands that come to a host through its inbox.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Command } from '#shared/ownership/inbox.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

const order = (kind: Command['kind'], epoch: number): Command => ({
  kind,
  realmId: 'local',
  characterId: 'ann',
  epoch,
})

describe('a character in play', () => {
  test('that its player wants elsewhere is saved, given up, and its socket is told', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('letGo', 1))
    expect(await ann.end()).toBe('replaced')
    expect(stage.persistence.left).toMatchObject([{ characterId: 'ann', epoch: 1 }])
    expect(stage.persistence.letGoes).toEqual([])
  })

  test('that another owner has is dropped without a save', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('fence', 1))
    expect(await ann.end()).toBe('fenced')
    expect(stage.persistence.calls.leave).toBe(0)
  })

  test('is not touched by a command that was meant for its owner before', async () => {
    await stage.join('ann')
    const again = await stage.join('ann')
    stage.persistence.command(order('fence', 1))
    stage.persistence.command(order('letGo', 1))
    await again.keyframe()
    again.say('still here')
    await again.until(({ controls }) => controls.some((one) => one.kind === 'chat.nearby'))
    expect(again.closed).toBeUndefined()
  })

  test('obeys the same command twice as it does once', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('letGo', 1))
    stage.persistence.command(order('letGo', 1))
    expect(await ann.end()).toBe('replaced')
    expect(stage.persistence.calls.leave).toBe(1)
    expect(stage.persistence.letGoes).toEqual([])
  })
})

describe('a character that nobody here holds', () => {
  test('is given up in the store, so that its player is not locked out', async () => {
    stage.persistence.command(order('letGo', 7))
    expect(stage.persistence.letGoes).toEqual(['ann 7'])
  })

  test('is not given up while its claim is under way', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: await stage.ticket('ann') })
    await expect.poll(() => stage.persistence.calls.claim).toBe(1)
    stage.persistence.command(order('letGo', 1))
    expect(stage.persistence.letGoes).toEqual([])
    open()
    await client.welcome()
  })
})
