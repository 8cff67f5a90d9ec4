// What faults of the store mean to players, and how a host ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

  test('goes on when nobody is there: an instance that says nothing gets no players', async () => {
    await expect
      .poll(() => stage.persistence.calls.checkpoint, { timeout: 9000 })
      .toBeGreaterThanOrEqual(2)
    expect(stage.persistence.checkpoints.get('field-1')).toEqual([])
  })

  test('that is paused is announced to players, who play on; nobody is admitted meanwhile', async () => {
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

  test('that takes long at the gate leaves a player connected until the redirect comes', async () => {
    const ann = await stage.join('ann', { x: 109.5, y: 114 })
    let clear = () => {}
    stage.persistence.leaveGate = new Promise((resolve) => {
      clear = resolve
    })
    await walk(ann, 0, 6)
    await expect.poll(() => stage.persistence.calls.leave).toBe(1)
    ann.send({ kind: 'ping', token: 7 })
    await ann.until(({ frames }) => frames.some((f) => f.kind === 'pong' && f.token === 7))
    expect(ann.closed).toBeUndefined()
    clear()
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
    const timers = stage.timers
    await pause(500)
    expect(tick()).toBe(frozenAt)
    // It reads the lease now and then, and does not spin.
    expect(stage.timers - timers).toBeLessThanOrEqual(12)
    stage.persistence.held = true
    await expect.poll(tick).toBeGreaterThan(frozenAt)
    expect(tick() - frozenAt).toBeLessThan(20)
  })
})

describe('a lease', () => {
  test('that is lost closes everybody as fenced and reports it to the process', async () => {
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
      await expect
        .poll(() => stage.host.stats().instances[0]!.tick, { timeout: 3000 })
        .not.toBe(tick)
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

test('a host ticks 20 times a second and reports that it lives each second', async () => {
  const before = stage.host.stats().instances[0]!.tick
  const began = performance.now()
  await pause(2000)
  const ticks = stage.host.stats().instances[0]!.tick - before
  const expected = (performance.now() - began) / 50
  // Each tick that was due has run or was counted as missed, also on a slow machine.
  expect(Math.abs(ticks + stage.host.stats().ticks.skipped - expected)).toBeLessThan(3)
  expect(stage.health).toBeGreaterThanOrEqual(2)
})
