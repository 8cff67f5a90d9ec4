// One instance of a host is closed, or one player is sent away, by the host's inbox.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { metresToUnits } from '#shared/rules/units.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage({ instances: ['field-1', 'field-2'] })
})
afterEach(async () => {
  await stage.stop()
})

const close = (instance: string) =>
  stage.persistence.command({ kind: 'close', realmId: 'local', instance })
const runs = () => stage.host.stats().instances.map(({ id }) => id)
const until = async (holds: () => void) => await vi.waitFor(holds, { timeout: 5000, interval: 20 })

async function join(characterId: string, instance: string) {
  const client = await stage.connect()
  client.send({ kind: 'join', ticket: await stage.ticket(characterId, undefined, { instance }) })
  await client.welcome()
  return client
}

describe('an instance that is closed', () => {
  it('is told to placement, saves everybody where he stands, sends his client to enter again, and ends', async () => {
    const ann = await join('ann', 'field-1')
    close('field-1')
    expect(await ann.end()).toBe('redirected')
    expect(ann.frames.filter(({ kind }) => kind === 'redirect')).toMatchObject([
      { mode: 'go', zone: 'field' },
    ])
    const here = { zone: 'field', x: metresToUnits(60), y: metresToUnits(60) }
    expect(stage.persistence.left).toMatchObject([{ characterId: 'ann', saved: here }])
    await until(() => expect(runs()).toEqual(['field-2']))
    expect(stage.persistence.closes).toEqual(['field-1 closing', 'field-1 closed'])
    expect(stage.empty).toBe(0)
  })

  it('leaves the other instances of the host as they are', async () => {
    const bob = await join('bob', 'field-2')
    close('field-1')
    await until(() => expect(runs()).toEqual(['field-2']))
    bob.say('still here')
    await bob.until(({ controls }) => controls.some((one) => one.kind === 'chat.nearby'))
    expect(bob.closed).toBeUndefined()
    expect(stage.persistence.left).toEqual([])
  })

  it('takes nobody in, though he has a ticket', async () => {
    let go = () => {}
    stage.persistence.leaveGate = new Promise((resolve) => (go = resolve))
    await join('ann', 'field-1')
    close('field-1')
    await until(() => expect(stage.persistence.calls.leave).toBe(1))
    const late = await stage.connect()
    late.send({
      kind: 'join',
      ticket: await stage.ticket('bob', undefined, { instance: 'field-1' }),
    })
    expect(await late.end()).toBe('host.unavailable')
    go()
    await until(() => expect(runs()).toEqual(['field-2']))
  })

  it('waits while the store does not answer, and lets nobody go before placement knows', async () => {
    const ann = await join('ann', 'field-1')
    stage.persistence.held = false
    close('field-1')
    await stage.nextSweep()
    expect(ann.closed).toBeUndefined()
    expect(runs()).toEqual(['field-1', 'field-2'])
    stage.persistence.held = true
    await stage.nextSweep()
    expect(await ann.end()).toBe('redirected')
    await until(() => expect(runs()).toEqual(['field-2']))
  })

  it('is closed once, however often the command comes, and the last one ends the host', async () => {
    close('field-1')
    close('field-1')
    close('nowhere-1')
    await until(() => expect(runs()).toEqual(['field-2']))
    close('field-1')
    close('field-2')
    await until(() => expect(stage.empty).toBe(1))
    expect(stage.persistence.closes).toHaveLength(4)
  })
})

describe('a private instance that is closed', () => {
  it('puts its members outside and ends; the others go on', async () => {
    await stage.stop()
    stage = await openStage({ privates: { perHost: 2, minutes: 60 } })
    for (const instance of ['one', 'two']) {
      const at = { realmId: 'local', zone: 'crypt', slots: 'crypt-1', slotUntil: 1 }
      stage.persistence.command({ kind: 'open', instance, ...at })
    }
    const ann = await join('ann', 'one')
    close('one')
    expect(await ann.end()).toBe('redirected')
    expect(stage.persistence.left[0]!.saved).toMatchObject({ zone: 'field' })
    await until(() => expect(runs()).toEqual(['field-1', 'two']))
    // A host with slots goes on without its shared instance.
    close('field-1')
    await until(() => expect(runs()).toEqual(['two']))
    expect(stage.empty).toBe(0)
  })
})

describe('a player who is sent away', () => {
  const to = { zone: 'field', bootId: 'boot-2', instance: 'field-1' }
  const send = (epoch: number) =>
    stage.persistence.command({ kind: 'move', realmId: 'local', characterId: 'ann', epoch, to })

  it('is saved with where he is sent, and forgets it where he comes in', async () => {
    const ann = await join('ann', 'field-1')
    const bob = await join('bob', 'field-1')
    send(1)
    expect(await ann.end()).toBe('redirected')
    expect(ann.frames.some(({ kind }) => kind === 'redirect')).toBe(true)
    expect(bob.closed).toBeUndefined()
    expect(stage.persistence.left).toMatchObject([{ saved: { zone: 'field', sentTo: to } }])
    const again = await join('ann', 'field-2')
    again.send({ kind: 'leave' })
    await again.end()
    expect(stage.persistence.left[1]!.saved.sentTo).toBeUndefined()
  })

  it('is not, by a command for an earlier stay, nor while nothing can be saved', async () => {
    await join('ann', 'field-1')
    const ann = await join('ann', 'field-1')
    send(1)
    stage.persistence.held = false
    await ann.until(({ controls }) => controls.some((one) => one.kind === 'saving'))
    send(2)
    stage.persistence.held = true
    await ann.keyframe()
    expect(stage.persistence.left).toEqual([])
  })
})
