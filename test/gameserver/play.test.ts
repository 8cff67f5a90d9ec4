// What happens to those who are in: walking, coming back, talking, going, and what the store does to them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { metresToUnits } from '#shared/rules/units.ts'
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { packControl } from '#shared/protocol/control.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import type { ZoneClient } from './zone-client.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  await stage.stop()
})

/** Walks for some ticks at the pace of the server. */
async function walk(client: ZoneClient, heading: number, ticks: number, first = 1): Promise<number> {
  for (let i = 0; i < ticks; i += 2) {
    const command = { heading, buttons: 1 }
    client.send({ kind: 'input', first: first + i, commands: [command, command] })
    await pause(100)
  }
  return first + ticks
}

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
        .flatMap((s) => (s.section === 'drop' ? [] : s.records))
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

  test('is told the time of the server', async () => {
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
      { characterId: 'ann', instance: 'field-1', soft: { zone: 'field', x: 72_000, y: 60_000 } },
    ])
    await bob.until(({ frames }) =>
      frames
        .flatMap((f) => (f.kind === 'snapshot' ? f.sections : []))
        .flatMap((s) => (s.section === 'drop' ? [] : s.records))
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

  test('who walks through a gate is saved at its far side and told to go there', async () => {
    const ann = await stage.join('ann', { x: 109.5, y: 114 })
    await walk(ann, 0, 6)
    expect(await ann.end()).toBe('redirected')
    expect(ann.redirect()).toMatchObject({ mode: 'go', zone: 'elsewhere', address: '', ticket: '' })
    expect(stage.persistence.guards.get('ann')).toMatchObject({
      state: 'offline',
      soft: { zone: 'elsewhere', x: metresToUnits(7), y: metresToUnits(9) },
    })
  })

  test('who appears inside a gate stays until it has been left and entered', async () => {
    const ann = await stage.join('ann', { x: 114, y: 114 })
    const next = await walk(ann, 16_384, 2)
    await pause(200)
    expect(ann.closed).toBeUndefined()
    await walk(ann, 32_768, 20, next)
    await walk(ann, 0, 20, next + 20)
    expect(await ann.end()).toBe('redirected')
  })
})

describe('a player whose socket is gone', () => {
  test('comes back by its secret, at its place, and the secret works once', async () => {
    const ann = await stage.join('ann', { x: 60, y: 50 })
    const { session, secret, entity } = await ann.welcome()
    await walk(ann, 0, 4)
    ann.socket.terminate()
    await expect.poll(() => stage.host.stats().sockets).toBe(0)
    const back = await stage.connect()
    back.send({ kind: 'resume', session, secret })
    const welcome = await back.welcome()
    expect(welcome).toMatchObject({ session, entity })
    expect(welcome.nextCommand).toBeGreaterThanOrEqual(5)
    expect(welcome.secret).not.toEqual(secret)
    expect((await back.keyframe()).own.x).toBeGreaterThan(72_000)
    back.send({ kind: 'ping', token: 1 })
    await back.until(({ frames }) => frames.some((f) => f.kind === 'pong'))
    const thief = await stage.connect()
    thief.send({ kind: 'resume', session, secret })
    expect(await thief.end()).toBe('resume.refused')
    expect(back.closed).toBeUndefined()
    // Commands go on at the number that WELCOME named.
    await walk(back, 0, 4, welcome.nextCommand)
    await back.until((client) => client.latest()!.ack >= welcome.nextCommand + 3)
  })

  test('may repeat the old secret when the answer with the new one was lost', async () => {
    const ann = await stage.join('ann')
    const { session, secret } = await ann.welcome()
    const lost = await stage.connect()
    lost.send({ kind: 'resume', session, secret })
    await lost.welcome()
    lost.socket.terminate()
    const back = await stage.connect()
    back.send({ kind: 'resume', session, secret })
    await back.welcome()
  })

  test('is replaced when it comes back while the old socket still stands', async () => {
    const ann = await stage.join('ann')
    const { session, secret } = await ann.welcome()
    const back = await stage.connect()
    back.send({ kind: 'resume', session, secret })
    expect(await ann.end()).toBe('replaced')
    await back.keyframe()
    expect(stage.host.stats().instances[0]!.players).toBe(1)
  })

  test('is refused with a wrong secret, an unknown session, or after leaving', async () => {
    const ann = await stage.join('ann')
    const { session, secret } = await ann.welcome()
    const wrong = secret.slice()
    wrong[0] = wrong[0]! ^ 1
    const refusals = [
      { session, secret: wrong },
      { session: session + 1, secret },
    ]
    for (const refusal of refusals) {
      const client = await stage.connect()
      client.send({ kind: 'resume', ...refusal })
      expect(await client.end()).toBe('resume.refused')
    }
    ann.send({ kind: 'leave' })
    await ann.end()
    const late = await stage.connect()
    late.send({ kind: 'resume', session, secret })
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
    expect(ann.controls.map(({ kind }) => kind)).toEqual([
      ...Array.from({ length: 5 }, () => 'chat.nearby'),
      'refused',
    ])
    expect(ann.controls[5]).toEqual({ kind: 'refused', of: 'chat.nearby', code: 'rate' })
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
    for (const control of ann.controls) {
      expect(control).toEqual({ kind: 'refused', of: 'control', code: 'invalid' })
    }
    ann.send({ kind: 'control', body: new Uint8Array([0xc1]) })
    expect(await ann.end()).toBe('protocol.malformed')
  })
})

describe('saving', () => {
  test('covers everybody every four seconds, under rising save numbers', async () => {
    await stage.join('ann')
    await stage.join('bob')
    const saved = () => stage.persistence.checkpoints.get('field-1') ?? []
    await expect.poll(() => saved().length, { timeout: 6000 }).toBe(2)
    const before = saved().map(({ saveNumber }) => saveNumber)
    const calls = stage.persistence.calls.checkpoint
    await expect.poll(() => stage.persistence.calls.checkpoint, { timeout: 6000 }).toBe(calls + 1)
    for (const [index, { saveNumber }] of saved().entries()) {
      expect(saveNumber).toBeGreaterThan(before[index]!)
    }
  })

  test('that is paused is told to players, who play on; nobody is admitted meanwhile', async () => {
    const ann = await stage.join('ann')
    stage.persistence.held = false
    await ann.until(({ controls }) => controls.length === 1)
    const late = await stage.connect()
    late.send({ kind: 'join', ticket: await stage.ticket('bob') })
    expect(await late.end()).toBe('host.unavailable')
    await walk(ann, 0, 4)
    await ann.until((client) => client.latest()!.ack >= 4)
    stage.persistence.held = true
    await ann.until(({ controls }) => controls.length === 2)
    expect(ann.controls).toEqual([
      { kind: 'saving', paused: true },
      { kind: 'saving', paused: false },
    ])
    await stage.join('cid')
  })

  test('that is paused keeps players at the gate, and lets them pass when it works again', async () => {
    const ann = await stage.join('ann', { x: 109.5, y: 114 })
    stage.persistence.held = false
    await ann.until(({ controls }) => controls.length === 1)
    await walk(ann, 0, 6)
    await pause(200)
    expect(ann.closed).toBeUndefined()
    stage.persistence.held = true
    expect(await ann.end()).toBe('redirected')
  })

  test('that is paused for a minute stops the world until it works again', async () => {
    const ann = await stage.join('ann')
    stage.persistence.held = false
    await ann.until(({ controls }) => controls.length === 1)
    for (let i = 0; i < 17; i++) {
      stage.skew.monotonicMs += 3700
      await pause(60)
    }
    const tick = () => stage.host.stats().instances[0]!.tick
    const frozenAt = tick()
    await pause(200)
    expect(tick()).toBe(frozenAt)
    stage.persistence.held = true
    await expect.poll(tick).toBeGreaterThan(frozenAt)
    expect(tick() - frozenAt).toBeLessThan(20)
  })
})

describe('a lease', () => {
  test('that is lost closes everybody as fenced and tells the process', async () => {
    const ann = await stage.join('ann')
    stage.persistence.lost = true
    expect(await ann.end()).toBe('fenced')
    await expect.poll(() => stage.lost).toBe(1)
    expect(stage.persistence.calls.leave).toBe(0)
  })

  test.each(['monotonicMs', 'wallMs'] as const)(
    'is proven before the next tick after a gap of the %s clock',
    async (clock) => {
      const ann = await stage.join('ann')
      await ann.keyframe()
      stage.persistence.proof = 'unavailable'
      stage.skew[clock] += 6000
      await expect.poll(() => stage.persistence.calls.prove).toBe(1)
      const { tick } = stage.host.stats().instances[0]!
      await pause(200)
      expect(stage.host.stats().instances[0]!.tick).toBe(tick)
      stage.persistence.proof = 'held'
      await expect.poll(() => stage.host.stats().instances[0]!.tick, { timeout: 3000 }).not.toBe(tick)
      expect(ann.closed).toBeUndefined()
    },
  )

  test('that cannot be proven after a gap fences everybody', async () => {
    const ann = await stage.join('ann')
    stage.persistence.proof = 'lost'
    stage.skew.wallMs += 6000
    expect(await ann.end()).toBe('fenced')
    await expect.poll(() => stage.lost).toBe(1)
  })
})

describe('a drain', () => {
  test('saves everybody in one checkpoint and each for itself, closes them, and admits nobody', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `c${index}`)
    const clients = await Promise.all(names.map((name) => stage.join(name)))
    const lost = clients.pop()!
    lost.socket.terminate()
    await stage.host.drain()
    expect(stage.persistence.checkpoints.get('field-1')).toHaveLength(40)
    for (const name of names) expect(stage.persistence.guards.get(name)!.state).toBe('offline')
    for (const client of clients) expect(await client.end()).toBe('host.shutdown')
    const late = await stage.connect()
    late.send({ kind: 'join', ticket: await stage.ticket('late') })
    expect(await late.end()).toBe('host.unavailable')
  })

  test('waits for claims that are under way and gives them up', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: await stage.ticket('ann') })
    await expect.poll(() => stage.persistence.calls.claim).toBe(1)
    const drained = stage.host.drain()
    open()
    await drained
    expect(await client.end()).toBe('host.unavailable')
    expect(stage.persistence.guards.get('ann')!.state).toBe('offline')
  })
})

test('a host ticks 20 times a second and tells that it lives each second', async () => {
  const before = stage.host.stats().instances[0]!.tick
  const began = performance.now()
  await pause(2000)
  const ticks = stage.host.stats().instances[0]!.tick - before
  const expected = (performance.now() - began) / 50
  // Whatever the machine does in between: each tick due has run or was counted as given up.
  expect(Math.abs(ticks + stage.host.stats().ticks.skipped - expected)).toBeLessThan(3)
  expect(stage.health).toBeGreaterThanOrEqual(2)
})
