// What happens to players who are in: they walk, come back, leave.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { metresToUnits } from '#shared/rules/units.ts'
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { pause, walk } from './walk.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

describe('a player', () => {
  test('who walks is where the commands lead, and another one sees it', async () => {
    const ann = await stage.join('ann', { x: 60, y: 50 })
    const bob = await stage.join('bob', { x: 62, y: 50 })
    const { entity } = await ann.welcome()
    await walk(ann, 0, 10)
    await ann.until((client) => client.latest()!.ack >= 10)
    const own = ann.latest()!.own
    expect(own.x).toBeGreaterThanOrEqual(metresToUnits(60) + 10 * dxOf(0, 100, 20))
    expect(own.y).toBe(metresToUnits(50) + dyOf(0, 100, 20))
    const seen = await bob.until(({ frames }) =>
      frames
        .flatMap((f) => (f.kind === 'snapshot' ? f.sections : []))
        .flatMap((s) => ('records' in s ? s.records : []))
        .find((r) => r.record === 'motion' && r.id === entity && r.speed === 100),
    )
    expect(seen).toMatchObject({ heading: 0, y: metresToUnits(50) })
  })

  test('whose commands cease goes on for ten ticks and then stands', async () => {
    const ann = await stage.join('ann', { x: 10, y: 50 })
    await ann.keyframe()
    ann.send({ kind: 'input', first: 1, commands: [{ heading: 0, buttons: 1 }] })
    await ann.until((client) => client.latest()!.ack === 11 && client.latest()!.own.speed === 0)
    await pause(600)
    expect(ann.latest()!.ack).toBe(11)
    expect(ann.latest()!.own.x).toBe(metresToUnits(10) + 11 * 300)
  })

  test('gets the time of the server', async () => {
    const ann = await stage.join('ann')
    ann.send({ kind: 'ping', token: 0xfedcba98 })
    const pong = await ann.until(({ frames }) => frames.find((f) => f.kind === 'pong'))
    expect(pong.token).toBe(0xfedcba98)
    const { tick } = await ann.welcome()
    expect(pong.tick).toBeGreaterThanOrEqual(tick)
    expect(pong.tick).toBeLessThan(tick + 20)
  })

  test('who leaves is saved first and then closed; another one sees it go', async () => {
    const ann = await stage.join('ann', { x: 60, y: 50 })
    const bob = await stage.join('bob', { x: 62, y: 50 })
    const { entity } = await ann.welcome()
    ann.send({ kind: 'leave' })
    expect(await ann.end()).toBe('left')
    expect(stage.persistence.left).toMatchObject([
      { characterId: 'ann', instance: 'field-1', saved: { zone: 'field', x: 72_000, y: 60_000 } },
    ])
    await bob.until(({ frames }) =>
      frames
        .flatMap((f) => (f.kind === 'snapshot' ? f.sections : []))
        .flatMap((s) => ('records' in s ? s.records : []))
        .some((r) => r.record === 'gone' && r.left && r.id === entity),
    )
  })

  test('who is leaving stays in the checkpoints until the store is clear', async () => {
    let clear = () => {}
    stage.persistence.leaveGate = new Promise((resolve) => (clear = resolve))
    const ann = await stage.join('ann')
    ann.send({ kind: 'leave' })
    await expect.poll(() => stage.host.stats().instances[0]!.players).toBe(0)
    await expect
      .poll(() => stage.persistence.checkpoints.get('field-1'), { timeout: 6000 })
      .toMatchObject([{ characterId: 'ann' }])
    expect(ann.closed).toBeUndefined()
    clear()
    expect(await ann.end()).toBe('left')
  })

  test('who walks through a gate is saved at its far side and redirected there', async () => {
    const ann = await stage.join('ann', { x: 109.5, y: 114 })
    await walk(ann, 0, 6)
    expect(await ann.end()).toBe('redirected')
    expect(ann.redirect()).toMatchObject({ mode: 'go', zone: 'elsewhere', address: '', ticket: '' })
    expect(stage.persistence.guards.get('ann')).toMatchObject({
      state: 'offline',
      saved: { zone: 'elsewhere', x: metresToUnits(7), y: metresToUnits(9) },
    })
  })

  test('who appears inside a gate stays until it has been left and entered', async () => {
    const ann = await stage.join('ann', { x: 114, y: 114 })
    await walk(ann, 16_384, 2)
    await pause(200)
    expect(ann.closed).toBeUndefined()
    // West until it is out, then back in.
    let next = 1
    while (ann.latest()!.own.x >= metresToUnits(110)) next = await walk(ann, 32_768, 4, next)
    expect(ann.closed).toBeUndefined()
    await walk(ann, 0, 10, next)
    expect(await ann.end()).toBe('redirected')
  })
})

describe('a player whose socket is gone', () => {
  test('comes back by its secret, at its place, and the secret works once', async () => {
    const ann = await stage.join('ann', { x: 60, y: 50 })
    const { stay, secret, entity } = await ann.welcome()
    await walk(ann, 0, 4)
    ann.socket.terminate()
    await expect.poll(() => stage.host.stats().sockets).toBe(0)
    const back = await stage.connect()
    back.send({ kind: 'resume', stay, secret })
    const welcome = await back.welcome()
    expect(welcome).toMatchObject({ stay, entity })
    expect(welcome.nextCommand).toBeGreaterThanOrEqual(5)
    expect(welcome.secret).not.toEqual(secret)
    expect((await back.keyframe()).own.x).toBeGreaterThan(72_000)
    back.send({ kind: 'ping', token: 1 })
    await back.until(({ frames }) => frames.some((f) => f.kind === 'pong'))
    const thief = await stage.connect()
    thief.send({ kind: 'resume', stay, secret })
    expect(await thief.end()).toBe('resume.refused')
    expect(back.closed).toBeUndefined()
    // Commands go on at the number that WELCOME named.
    await walk(back, 0, 4, welcome.nextCommand)
    await back.until((client) => client.latest()!.ack >= welcome.nextCommand + 3)
  })

  test('may repeat the old secret as often as the answer with the new one is lost', async () => {
    const ann = await stage.join('ann')
    const { stay, secret } = await ann.welcome()
    for (let i = 0; i < 3; i++) {
      const lost = await stage.connect()
      lost.send({ kind: 'resume', stay, secret })
      await lost.welcome()
      lost.socket.terminate()
    }
    const back = await stage.connect()
    back.send({ kind: 'resume', stay, secret })
    await back.welcome()
  })

  test('is replaced when it comes back while the old socket still stands', async () => {
    const ann = await stage.join('ann')
    const { stay, secret } = await ann.welcome()
    const back = await stage.connect()
    back.send({ kind: 'resume', stay, secret })
    expect(await ann.end()).toBe('replaced')
    await back.keyframe()
    expect(stage.host.stats().instances[0]!.players).toBe(1)
  })

  test('is refused with a wrong secret, an unknown stay, or after leaving', async () => {
    const ann = await stage.join('ann')
    const { stay, secret } = await ann.welcome()
    const wrong = secret.slice()
    wrong[0] = wrong[0]! ^ 1
    const refusals = [
      { stay, secret: wrong },
      { stay: stay + 1, secret },
    ]
    for (const refusal of refusals) {
      const client = await stage.connect()
      client.send({ kind: 'resume', ...refusal })
      expect(await client.end()).toBe('resume.refused')
    }
    ann.send({ kind: 'leave' })
    await ann.end()
    const late = await stage.connect()
    late.send({ kind: 'resume', stay, secret })
    expect(await late.end()).toBe('resume.refused')
  })

  test('leaves by itself after 60 s', async () => {
    const ann = await stage.join('ann')
    ann.socket.terminate()
    await expect.poll(() => stage.host.stats().sockets).toBe(0)
    // Jumps shorter than the lease: a longer one would look like a thread that stood still.
    for (let i = 0; i < 16; i++) {
      expect(stage.persistence.left).toEqual([])
      stage.skew.monotonicMs += 3700
      await pause(60)
    }
    stage.skew.monotonicMs += 3700
    await expect.poll(() => stage.persistence.left.length).toBe(1)
    expect(stage.persistence.calls.prove).toBe(0)
  })
})
