// Nearby chat over real sockets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAllowances } from '#gameserver/instance/allowances.ts'
import type { Allowance } from '#gameserver/instance/allowances.ts'
import { packControl } from '#shared/protocol/control.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import type { ZoneClient } from './zone-client.ts'
import { pause } from './walk.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

describe('nearby chat', () => {
  test('is heard by who is near, the speaker too, and by nobody far away', async () => {
    const ann = await stage.join('ann', { x: 60, y: 50 })
    const bob = await stage.join('bob', { x: 66, y: 50 })
    const far = await stage.join('far', { x: 10, y: 110 })
    for (const client of [ann, bob, far]) await client.keyframe()
    const { entity } = await ann.welcome()
    ann.say('Grüße, 世界 👋')
    for (const client of [ann, bob]) {
      await client.until(({ controls }) => controls.length > 0)
      const text = 'Grüße, 世界 👋'
      expect(client.controls).toEqual([{ kind: 'chat.nearby', from: entity, name: 'ann', text }])
    }
    await pause(100)
    expect(far.controls).toEqual([])
  })

  test('takes five lines at once, then refuses until time has passed', async () => {
    const ann = await stage.join('ann')
    await ann.keyframe()
    for (let i = 0; i < 6; i++) ann.say(`line ${i}`)
    await ann.until(({ controls }) => controls.length === 6)
    // A refusal comes at once, a line with the next step.
    const said = ann.controls.filter(({ kind }) => kind === 'chat.nearby')
    expect(said.map((line) => 'text' in line && line.text)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `line ${i}`),
    )
    expect(ann.controls).toContainEqual({ kind: 'refused', of: 'chat.nearby', code: 'rate' })
    stage.skew.monotonicMs += 1000
    ann.say('again')
    await ann.until(({ controls }) => controls[6]?.kind === 'chat.nearby')
  })

  test('refuses what is no line of chat without echoing it, and closes on what is no message', async () => {
    const ann = await stage.join('ann')
    await ann.keyframe()
    for (const text of ['', '   ', 'a\nb', 'x'.repeat(201), '\u202eevil']) ann.say(text)
    ann.send({ kind: 'control', body: packControl({ kind: 'saving', paused: true }) })
    await ann.until(({ controls }) => controls.length === 6)
    expect(ann.controls).toEqual([
      ...Array.from({ length: 5 }, () => {
        return { kind: 'refused', of: 'chat.nearby', code: 'invalid' }
      }),
      // A refusal does not repeat an unknown kind.
      { kind: 'refused', of: 'control', code: 'invalid' },
    ])
    ann.send({ kind: 'control', body: new Uint8Array([0x92, 0x01]) })
    expect(await ann.end()).toBe('protocol.malformed')
  })
})

describe('a player who is muted', () => {
  const change = (until: number, version: number) => ({
    kind: 'mute' as const,
    realmId: 'local',
    accountId: 'account-1',
    until,
    version,
  })
  const said = async (client: ZoneClient, text: string) => {
    const before = client.controls.length
    client.say(text)
    await client.until(({ controls }) => controls.length > before)
    return client.controls[before]
  }
  const refused = { kind: 'refused', of: 'chat.nearby', code: 'muted' }

  test('says nothing, with whichever character, until the mute ends or is lifted', async () => {
    const ann = await stage.join('ann')
    await ann.keyframe()
    const until = Date.now() + 60_000
    stage.persistence.command(change(until, 1))
    expect(await said(ann, 'hello')).toEqual(refused)
    stage.persistence.command(change(0, 2))
    // The first command once more: the later change counts.
    stage.persistence.command(change(until, 1))
    expect(await said(ann, 'hello')).toMatchObject({ kind: 'chat.nearby', text: 'hello' })
    stage.persistence.command(change(Date.now() + 1, 3))
    await pause(5)
    expect(await said(ann, 'over')).toMatchObject({ kind: 'chat.nearby' })
  })

  test('is muted from the first moment on, also when the change came while he came in', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const joining = stage.join('ann')
    await expect.poll(() => stage.persistence.calls.claim).toBe(1)
    stage.persistence.command(change(Date.now() + 60_000, 1))
    open()
    const ann = await joining
    await ann.keyframe()
    expect(await said(ann, 'hello')).toEqual(refused)
  })
})

test('words that are not allowed are masked before anybody hears them', async () => {
  const ann = await stage.join('ann')
  await ann.keyframe()
  ann.say('what the fuck')
  await ann.until(({ controls }) => controls.length > 0)
  expect(ann.controls[0]).toMatchObject({ kind: 'chat.nearby', text: 'what the ****' })
})

describe('what an account may still say', () => {
  /** Says so many lines and waits until each was said or refused; returns how many were said. */
  async function say(client: ZoneClient, lines: number): Promise<number> {
    await client.keyframe()
    const before = client.controls.length
    for (let i = 0; i < lines; i++) client.say(`line ${i}`)
    await client.until(({ controls }) => controls.length === before + lines)
    return client.controls.slice(before).filter(({ kind }) => kind === 'chat.nearby').length
  }

  /** A line comes back each second meanwhile. */
  const back = (began: number) => Math.ceil((performance.now() - began) / 1000)

  test('does not come back by leaving and entering', async () => {
    const began = performance.now()
    let said = 0
    for (let round = 0; round < 4; round++) {
      const ann = await stage.join('ann')
      said += await say(ann, 5)
      ann.send({ kind: 'leave' })
      await ann.end()
    }
    expect(said).toBeLessThanOrEqual(5 + back(began))
  })

  test('does not come back through a gate to another instance of the host', async () => {
    await stage.stop()
    stage = await openStage({ instances: ['field-1', 'field-2'] })
    const began = performance.now()
    const ann = await stage.join('ann')
    await say(ann, 6)
    ann.send({ kind: 'leave' })
    await ann.end()
    const there = await stage.connect()
    const ticket = await stage.ticket('ann', undefined, { instance: 'field-2' })
    there.send({ kind: 'join', ticket })
    await there.welcome()
    expect(await say(there, 5)).toBeLessThanOrEqual(back(began))
  })

  test('does not come back by a resume, nor with another character', async () => {
    const began = performance.now()
    const ann = await stage.join('ann')
    await say(ann, 6)
    const { stay, secret } = await ann.welcome()
    ann.socket.terminate()
    const again = await stage.connect()
    again.send({ kind: 'resume', stay, secret })
    await again.welcome()
    const said = (await say(again, 5)) + (await say(await stage.join('bob'), 5))
    expect(said).toBeLessThanOrEqual(back(began))
  })

  test('is a second’s worth at a host that does not know the account', () => {
    const rate = { burst: 5, perSecond: 1 }
    const taken = (allowance: Allowance, now: number) => {
      let count = 0
      while (allowance.take('chat.nearby', rate, now)) count++
      return count
    }
    const played = { accountId: 'a', saveNumber: 9 }
    expect(taken(createAllowances().of(played, 1000), 1000)).toBe(1)
    expect(taken(createAllowances().of(played, 1000), 3000)).toBe(3)
    expect(taken(createAllowances().of(played, 1000), 60_000)).toBe(5)
    expect(taken(createAllowances().of({ ...played, saveNumber: 0 }, 1000), 1000)).toBe(5)
    // Slow kinds fill as slowly there.
    const slow = { burst: 1, perSecond: 0.01 }
    expect(createAllowances().of(played, 1000).take('game.rare', slow, 2000)).toBe(false)
    expect(createAllowances().of(played, 1000).take('game.rare', slow, 101_000)).toBe(true)
  })

  test('is forgotten for who came in longest ago, when a host knows too many', () => {
    const rate = { burst: 5, perSecond: 1 }
    const allowances = createAllowances(2)
    const [a, b, c] = ['a', 'b', 'c'].map((accountId) => ({ accountId, saveNumber: 1 }))
    const first = allowances.of(a!, 0)
    allowances.of(b!, 0)
    expect(allowances.of(a!, 0)).toBe(first)
    allowances.of(c!, 0)
    expect(allowances.of(a!, 0)).toBe(first)
    // If it were remembered, it would be full by now.
    const again = allowances.of(b!, 60_000)
    expect(again.take('chat.nearby', rate, 60_000)).toBe(true)
    expect(again.take('chat.nearby', rate, 60_000)).toBe(false)
  })
})
