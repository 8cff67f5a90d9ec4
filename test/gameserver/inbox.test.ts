// Commands that come to a host through its inbox.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CharacterCommand } from '#shared/ownership/inbox.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

const order = (kind: CharacterCommand['kind'], epoch: number): CharacterCommand => ({
  kind,
  realmId: 'local',
  characterId: 'ann',
  epoch,
})

describe('a character in play', () => {
  test('that its player wants elsewhere is saved, leaves, and its socket is closed with the reason', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('letGo', 1))
    expect(await ann.end()).toBe('replaced')
    expect(stage.persistence.left).toMatchObject([{ characterId: 'ann', epoch: 1 }])
    expect(stage.persistence.letGoes).toEqual([])
  })

  test('that another owner has is fenced without a save, and the worker forgets the stay', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('fence', 1))
    expect(await ann.end()).toBe('fenced')
    expect(stage.persistence.calls.leave).toBe(0)
    expect(stage.persistence.forgotten).toEqual(['ann 1'])
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

  test('applies the same command twice as it does once', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('letGo', 1))
    stage.persistence.command(order('letGo', 1))
    expect(await ann.end()).toBe('replaced')
    expect(stage.persistence.calls.leave).toBe(1)
    expect(stage.persistence.letGoes).toEqual([])
  })
})

describe('a character that an operator removes', () => {
  test('is saved, leaves, and its socket is closed with the reason', async () => {
    const ann = await stage.join('ann')
    stage.persistence.command(order('kick', 1))
    expect(await ann.end()).toBe('kicked')
    expect(stage.persistence.left).toMatchObject([{ characterId: 'ann', epoch: 1 }])
  })

  test('is let alone when it has come back since', async () => {
    await stage.join('ann')
    const again = await stage.join('ann')
    stage.persistence.command(order('kick', 1))
    await again.keyframe()
    expect(again.closed).toBeUndefined()
  })

  test('while its claim is under way never stands in the world', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: await stage.ticket('ann') })
    await expect.poll(() => stage.persistence.calls.claim).toBe(1)
    stage.persistence.command(order('kick', 1))
    open()
    expect(await client.end()).toBe('kicked')
    await expect.poll(() => stage.persistence.left.length).toBe(1)
    // And it may come in again, unless a ban keeps it out.
    await stage.join('ann')
  })

  test('and whom nobody here holds leaves in the store', () => {
    stage.persistence.command(order('kick', 7))
    expect(stage.persistence.letGoes).toEqual(['ann 7'])
  })
})

describe('an announcement', () => {
  test('is shown once to everybody, however often it comes', async () => {
    const ann = await stage.join('ann')
    const bob = await stage.join('bob')
    const line = { kind: 'announce' as const, id: 'a-1', text: 'The gates close at ten.' }
    stage.persistence.command(line)
    stage.persistence.command(line)
    stage.persistence.command({ ...line, id: 'a-2', text: 'They are closed.' })
    for (const client of [ann, bob]) {
      await client.until(({ controls }) => controls.length === 2)
      expect(client.controls).toEqual([
        { kind: 'announce', text: 'The gates close at ten.' },
        { kind: 'announce', text: 'They are closed.' },
      ])
    }
  })
})

describe('a character that nobody here holds', () => {
  test('leaves in the store, so that its player is not locked out', async () => {
    stage.persistence.command(order('letGo', 7))
    expect(stage.persistence.letGoes).toEqual(['ann 7'])
  })

  test('does not leave while its claim is under way', async () => {
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
