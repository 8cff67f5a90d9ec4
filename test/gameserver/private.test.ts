// Private instances on a running host: opened by its inbox, ended when empty or when their time is over.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { privateEmptyMs } from '#shared/limits.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { openStage } from './host-kit.ts'
import { walk } from './walk.ts'
import type { Stage } from './host-kit.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage({ privates: { perHost: 2, minutes: 60 } })
})
afterEach(async () => {
  await stage.stop()
})

async function replaceStage(privates: { perHost: number; minutes: number }) {
  await stage.stop()
  stage = await openStage({ privates })
}

const open = (instance: string, slots = 'crypt-1') =>
  stage.persistence.command({
    kind: 'open',
    realmId: 'local',
    zone: 'crypt',
    instance,
    slots,
    slotUntil: 1,
  })
const runs = () => stage.host.stats().instances.map(({ id }) => id)
const until = async (holds: () => void) => await vi.waitFor(holds, { timeout: 5000, interval: 20 })
/** It ends with the next look, or the one after it. */
async function ends() {
  await stage.nextSweep()
  await until(() => expect(runs()).toEqual(['field-1']))
}

async function join(characterId: string, instance: string) {
  const client = await stage.connect()
  client.send({ kind: 'join', ticket: await stage.ticket(characterId, undefined, { instance }) })
  return { client, welcome: await client.welcome() }
}

describe('a private instance', () => {
  it('begins once, at the command, in a host that has room for its zone', async () => {
    open('one', 'crypt-9')
    expect(runs()).toEqual(['field-1'])
    open('one')
    open('one')
    open('two')
    expect(runs()).toEqual(['field-1', 'one', 'two'])
    expect([...stage.persistence.privates.keys()]).toEqual(['one', 'two'])
    const { welcome } = await join('ann', 'two')
    expect(welcome).toMatchObject({ zone: 'crypt', instance: 'two' })
  })

  it('puts who comes at its spawn, and keeps where he was outside', async () => {
    open('one')
    const { client } = await join('ann', 'one')
    client.send({ kind: 'leave' })
    expect(await client.end()).toBe('left')
    const { saved } = stage.persistence.left[0]!
    // The stage has tickets for (60, 60) in the field.
    const from = { zone: 'field', x: metresToUnits(60), y: metresToUnits(60) }
    expect(saved).toMatchObject({ zone: 'crypt', outside: { instance: 'one', ...from } })
    expect(saved.x).toBe(metresToUnits(20))
  })

  it('puts who comes back where he stood, but in another instance of the zone at the spawn', async () => {
    open('one')
    open('two')
    const spawn = stage.persistence.left
    const first = await join('ann', 'one')
    first.client.send({ kind: 'leave' })
    await first.client.end()
    // He had walked on.
    const guard = stage.persistence.guards.get('ann')!
    guard.saved = { ...guard.saved, x: guard.saved.x + 6000 }
    const there = guard.saved.x
    for (const [instance, x] of [
      ['one', there],
      ['two', there - 6000],
    ] as const) {
      const { client } = await join('ann', instance)
      client.send({ kind: 'leave' })
      await client.end()
      expect(spawn.at(-1)!.saved.x).toBe(x)
      expect(spawn.at(-1)!.saved.outside).toMatchObject({ instance, zone: 'field' })
    }
  })

  it('brings who leaves it by another zone back to where he was there', async () => {
    open('one')
    const { client } = await join('ann', 'one')
    client.send({ kind: 'leave' })
    await client.end()
    const back = await join('ann', 'field-1')
    back.client.send({ kind: 'leave' })
    await back.client.end()
    expect(stage.persistence.left.at(-1)!.saved).toMatchObject({ zone: 'field' })
    expect(stage.persistence.left.at(-1)!.saved.x).toBe(metresToUnits(60))
    expect(stage.persistence.left.at(-1)!.saved.outside).toBeUndefined()
  })

  it('ends a minute after the last one has left, and not before', async () => {
    open('one')
    const { client } = await join('ann', 'one')
    client.send({ kind: 'leave' })
    await client.end()
    stage.skew.monotonicMs += privateEmptyMs - 5000
    await stage.nextSweep()
    expect(runs()).toContain('one')
    stage.skew.monotonicMs += 5000
    await ends()
    // The command comes again: it has ended for good.
    open('one')
    expect(runs()).toEqual(['field-1'])
  })

  it('goes on while somebody is in it, though he has lost his socket', async () => {
    open('one')
    const { client } = await join('ann', 'one')
    client.socket.terminate()
    stage.skew.monotonicMs += privateEmptyMs - 5000
    await stage.nextSweep()
    // He leaves when he was not back for a minute, and a minute later it ends.
    stage.skew.monotonicMs += 10_000
    await stage.nextSweep()
    expect(runs()).toContain('one')
    stage.skew.monotonicMs += privateEmptyMs
    await ends()
  })

  it('stays while a member has a place there', async () => {
    open('one')
    stage.persistence.taken.add('one')
    stage.skew.monotonicMs += privateEmptyMs + 1000
    await stage.nextSweep()
    await stage.nextSweep()
    expect(runs()).toContain('one')
    stage.persistence.taken.clear()
    await ends()
  })

  it('lets everybody out to where he came from when its time is over', async () => {
    await replaceStage({ perHost: 2, minutes: 0.02 })
    open('one')
    const { client } = await join('ann', 'one')
    expect(await client.end()).toBe('redirected')
    expect(client.redirect()).toMatchObject({ mode: 'go', zone: 'field' })
    expect(stage.persistence.left.at(-1)!.saved).toMatchObject({
      zone: 'field',
      x: metresToUnits(60),
      y: metresToUnits(60),
    })
    await ends()
    expect(stage.persistence.privates.size).toBe(0)
  })

  it('lets nobody in any more once its time is over', async () => {
    await replaceStage({ perHost: 2, minutes: 0.02 })
    open('one')
    await join('ann', 'one')
    let letGo = () => {}
    stage.persistence.leaveGate = new Promise((resolve) => (letGo = resolve))
    await until(() => expect(stage.persistence.calls.leave).toBe(1))
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: await stage.ticket('bob', undefined, { instance: 'one' }) })
    expect(await client.end()).toBe('host.unavailable')
    letGo()
    await ends()
  })

  it('is left by a gate in it, to where each one came from', async () => {
    open('one')
    const { client } = await join('ann', 'one')
    // From its spawn, to the east.
    await walk(client, 0, 30)
    expect(await client.end()).toBe('redirected')
    expect(client.redirect()).toMatchObject({ mode: 'go', zone: 'field' })
    const from = { zone: 'field', x: metresToUnits(60), y: metresToUnits(60) }
    expect(stage.persistence.left.at(-1)!.saved).toMatchObject(from)
  })

  it('is told of at a gate, once each time one walks in, and nobody is moved', async () => {
    await stage.stop()
    const area = { x: 62, y: 56, width: 4, height: 8 }
    const gates = [{ id: 'crypt', name: 'Crypt', area, to: 'crypt', difficulty: 'heroic' }]
    stage = await openStage({ privates: { perHost: 2, minutes: 60 }, zone: { gates } })
    const ann = await stage.join('ann')
    const told = () => ann.controls.filter(({ kind }) => kind === 'gate')
    let next = await walk(ann, 0, 12)
    await until(() => expect(told()).toHaveLength(1))
    expect(told()[0]).toEqual({ kind: 'gate', zone: 'crypt', difficulty: 'heroic' })
    expect(ann.closed).toBeUndefined()
    while (ann.latest()!.own.x >= metresToUnits(62)) next = await walk(ann, 32_768, 4, next)
    await walk(ann, 0, 12, next)
    await until(() => expect(told()).toHaveLength(2))
    expect(stage.persistence.left).toHaveLength(0)
  })

  it('is saved and let go with the others when the host stops', async () => {
    open('one')
    const { client } = await join('ann', 'one')
    await stage.host.drain()
    expect(await client.end()).toBe('host.shutdown')
    expect(stage.persistence.left).toHaveLength(1)
    open('two')
    expect(runs()).not.toContain('two')
  })
})
