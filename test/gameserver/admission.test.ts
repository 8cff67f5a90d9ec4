// Who is admitted, and by which ticket.
import { clockSlackMs } from '#shared/limits.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateKeyPair } from 'jose'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import type { ClientFrame } from '#shared/protocol/client-frames.ts'
import { signTicket } from '#shared/ownership/ticket.ts'
import { createAdmission } from '#gameserver/instance/admission.ts'
import { openConnection } from '#gameserver/net/client-connection.ts'
import { systemRuntime } from '#shared/system.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { createFakePersistence } from './fake-persistence.ts'
import { looks } from '../parts.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { connect } from './zone-client.ts'
import type { ZoneClient } from './zone-client.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage({ zone: { capacity: 3 } })
})
afterEach(async () => {
  await stage.stop()
})

const forge = async (privateKey: CryptoKey, changes: { keyId?: string } = {}) =>
  await signTicket(
    { keyId: changes.keyId ?? 'k1', privateKey },
    {
      ticketId: 't',
      characterId: 'ann',
      accountId: 'a',
      realmId: 'local',
      bootId: 'boot-1',
      instance: 'field-1',
      epoch: 1,
      expiresAt: Date.now() + 30_000,
    },
  )

describe('a ticket', () => {
  test('lets its character in: WELCOME, then a keyframe with the character in it', async () => {
    const client = await stage.join('ann', { x: 30, y: 20 })
    const welcome = await client.welcome()
    expect(welcome).toMatchObject({ zone: 'field', instance: 'field-1', contentVersion: 'test' })
    expect(welcome).toMatchObject({
      tickUs: 50_000,
      timeScale: 256,
      width: 144_000,
      nextCommand: 1,
    })
    const first = await client.keyframe()
    expect(first.keyframe).toBe(true)
    expect(first.own).toMatchObject({ x: 36_000, y: 24_000, speed: 0 })
    const records = first.sections.flatMap((s) => (s.section === 'block' ? s.records : []))
    expect(records).toMatchObject([{ id: welcome.entity, parts: looks('human/mage', 'ann') }])
  })

  /** The outcome of a socket. The order of two that come at once is not fixed. */
  const fate = async (client: ZoneClient) =>
    await client.until(
      ({ closed, frames }) => closed ?? (frames.some((f) => f.kind === 'welcome') && 'welcome'),
    )

  test('works once: of two sockets one is refused and the store is asked once', async () => {
    const token = await stage.ticket('ann')
    const two = [await stage.connect(), await stage.connect()]
    for (const client of two) client.send({ kind: 'join', ticket: token })
    const fates = await Promise.all(two.map(fate))
    expect(fates.toSorted()).toEqual(['ticket.refused', 'welcome'])
    expect(stage.persistence.calls.claim).toBe(1)
  })

  test('of a claim under way works no second time either', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const token = await stage.ticket('ann')
    const two = [await stage.connect(), await stage.connect()]
    for (const client of two) client.send({ kind: 'join', ticket: token })
    expect(await Promise.race(two.map(fate))).toBe('ticket.refused')
    open()
    expect((await Promise.all(two.map(fate))).toSorted()).toEqual(['ticket.refused', 'welcome'])
  })

  test('that expired, names another host or another instance is refused without the store', async () => {
    const changes = [
      { expiresAt: Date.now() - clockSlackMs - 5000 },
      { bootId: 'boot-2' },
      { instance: 'field-2' },
    ]
    for (const change of changes) {
      const client = await stage.connect()
      client.send({ kind: 'join', ticket: await stage.ticket('ann', undefined, change) })
      expect(await client.end()).toBe('ticket.refused')
    }
    expect(stage.persistence.calls.claim).toBe(0)
  })

  test('replaced by a newer one is refused by the store', async () => {
    const old = await stage.ticket('ann')
    await stage.ticket('ann')
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: old })
    expect(await client.end()).toBe('ticket.refused')
  })

  test('forged in any of many ways is refused, and the store never hears of it', async () => {
    const { privateKey } = await generateKeyPair('EdDSA')
    const good = await stage.ticket('ann')
    const [head, body] = good.split('.')
    const tokens = ['', 'x', `${head}.${body}.`, await forge(privateKey), `${good}x`]
    tokens.push(await forge(privateKey, { keyId: 'k2' }))
    const none = Buffer.from('{"alg":"none","typ":"waystone-ticket+jwt","kid":"k1"}')
    tokens.push(`${none.toString('base64url')}.${body}.`)
    for (const token of tokens) {
      const client = await stage.connect()
      client.send({ kind: 'join', ticket: token })
      expect(await client.end()).toBe('ticket.refused')
    }
    expect(stage.persistence.calls).toMatchObject({ claim: 0, leave: 0 })
  })

  test('for a character that is still on its way out is refused until that is clear', async () => {
    let clear = () => {}
    const ann = await stage.join('ann')
    stage.persistence.leaveGate = new Promise((resolve) => (clear = resolve))
    ann.send({ kind: 'leave' })
    const again = await stage.connect()
    again.send({ kind: 'join', ticket: await stage.ticket('ann') })
    expect(await again.end()).toBe('host.unavailable')
    expect(stage.persistence.calls.claim).toBe(1)
    clear()
    // The guard went to a newer epoch meanwhile, so the leave found itself fenced.
    expect(await ann.end()).toBe('fenced')
    await stage.join('ann')
  })

  test('of a newer epoch takes the place of the older object of the same character', async () => {
    const old = await stage.join('ann')
    const fresh = await stage.join('ann')
    expect(await old.end()).toBe('replaced')
    await fresh.keyframe()
    expect(stage.persistence.calls.leave).toBe(0)
    expect(stage.host.stats().instances[0]!.players).toBe(1)
  })
})

describe('an instance', () => {
  test('that is full refuses, and counts claims that are under way', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const clients = await Promise.all(['a', 'b', 'c', 'd'].map(() => stage.connect()))
    for (const [index, client] of clients.entries()) {
      client.send({ kind: 'join', ticket: await stage.ticket(`c${index}`) })
    }
    const ends = clients.map((client) => client.until((c) => c.closed ?? c.frames[0]?.kind))
    expect(await Promise.race(ends)).toBe('instance.full')
    open()
    expect((await Promise.all(ends)).toSorted()).toEqual([
      'instance.full',
      'welcome',
      'welcome',
      'welcome',
    ])
  })

  test('puts a character at its spawn when its own place is inside a wall or in another zone', async () => {
    const walled = await stage.join('ann', { x: 71, y: 50 })
    expect((await walled.keyframe()).own).toMatchObject({ x: 72_000, y: 72_000 })
    const ticketId = 'elsewhere'
    stage.persistence.reserve('bob', ticketId, { zone: 'other', x: 1200, y: 1200, heading: 0 })
    const bob = await stage.connect()
    bob.send({ kind: 'join', ticket: await stage.ticket('bob') })
    expect((await bob.keyframe()).own).toMatchObject({ x: 72_000, y: 72_000 })
  })
})

describe('a claim', () => {
  test('in flight across a lapse of the lease is void: the claim is undone', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: await stage.ticket('ann') })
    await expect.poll(() => stage.persistence.calls.claim).toBe(1)
    stage.persistence.held = false
    await new Promise((resolve) => setTimeout(resolve, 150))
    stage.persistence.held = true
    await new Promise((resolve) => setTimeout(resolve, 150))
    open()
    expect(await client.end()).toBe('host.unavailable')
    await expect.poll(() => stage.persistence.guards.get('ann')!.state).toBe('offline')
    expect(stage.host.stats().instances[0]!.players).toBe(0)
  })

  test('whose socket went meanwhile is undone at once', async () => {
    let open = () => {}
    stage.persistence.claimGate = new Promise((resolve) => (open = resolve))
    const client = await stage.connect()
    client.send({ kind: 'join', ticket: await stage.ticket('ann') })
    await expect.poll(() => stage.persistence.calls.claim).toBe(1)
    client.socket.terminate()
    await expect.poll(() => stage.host.stats().sockets).toBe(0)
    open()
    await expect.poll(() => stage.persistence.guards.get('ann')!.state).toBe('offline')
  })
})

describe('a socket', () => {
  test('must begin with JOIN or RESUME', async () => {
    const frames: ClientFrame[] = [
      { kind: 'leave' },
      { kind: 'ping', token: 1 },
      { kind: 'input', first: 1, commands: [{ heading: 0, buttons: 0 }] },
      { kind: 'control', body: new Uint8Array([0x80]) },
    ]
    for (const frame of frames) {
      const client = await stage.connect()
      client.send(frame)
      expect(await client.end()).toBe('protocol.unexpected')
    }
  })

  test('that sends what cannot be read is closed with the reason', async () => {
    const cases: [Uint8Array | string, string | number][] = [
      [new Uint8Array([0x10, 0x01]), 'protocol.version'],
      [new Uint8Array([0x21, 0x01]), 'protocol.malformed'],
      [new Uint8Array([]), 'protocol.malformed'],
      ['text', 'protocol.malformed'],
      [new Uint8Array(5000), 1009],
    ]
    for (const [bytes, reason] of cases) {
      const client = await stage.connect()
      client.socket.send(bytes)
      expect(await client.end()).toBe(reason)
    }
  })

  test('may not join twice', async () => {
    const client = await stage.join('ann')
    client.send({ kind: 'join', ticket: await stage.ticket('bob') })
    expect(await client.end()).toBe('protocol.unexpected')
  })

  test('that floods is closed, and its character stays', async () => {
    const client = await stage.join('ann')
    const ping = encodeClientFrame({ kind: 'ping', token: 1 })
    for (let i = 0; i < 400; i++) client.socket.send(ping)
    expect(await client.end()).toBe('protocol.flood')
    expect(stage.host.stats().instances[0]!.players).toBe(1)
  })

  test('that does not join in time is closed', async () => {
    const client = await stage.connect()
    stage.skew.monotonicMs += 4500
    await new Promise((resolve) => setTimeout(resolve, 20))
    stage.skew.monotonicMs += 1500
    expect(await client.end()).toBe('timeout')
  })

  test('beyond 256 that are joining is not opened', async () => {
    const large = await openStage({ zone: { capacity: 300 } })
    let answer = () => {}
    large.persistence.claimGate = new Promise((resolve) => (answer = resolve))
    const names = Array.from({ length: 256 }, (_, i) => `c${i}`)
    const tickets = await Promise.all(names.map((name) => large.ticket(name)))
    // Side by side: the first one may wait for 5 s.
    await Promise.all(
      tickets.map(async (ticket) => {
        const client = await large.connect()
        client.send({ kind: 'join', ticket })
      }),
    )
    await expect.poll(() => large.persistence.calls.claim).toBe(256)
    await expect(connect(large.host.port)).rejects.toThrow('503')
    answer()
    await expect.poll(() => large.host.stats().unjoined).toBe(0)
    await large.connect()
    await large.stop()
  })
})

describe('10,000 forged tickets', () => {
  test('cause no call of the store', async () => {
    const { privateKey } = await generateKeyPair('EdDSA')
    const { publicKey } = await generateKeyPair('EdDSA')
    const token = await forge(privateKey)
    const persistence = createFakePersistence()
    const admission = createAdmission({
      keepsOut: () => false,
      bootId: 'boot-1',
      instances: new Map(),
      persistence,
      verifyKeys: () => publicKey,
      runtime: systemRuntime,
      monotonic: () => 0,
      log: silentLog,
    })
    const reasons = new Map<string, number>()
    const frame = encodeClientFrame({ kind: 'join', ticket: token })
    for (let i = 0; i < 10_000; i++) {
      const connection = {
        send() {},
        close(reason: string) {
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
        },
        backlogBytes: 0,
        open: true,
      }
      openConnection(
        connection,
        admission,
        () => 0,
        () => {},
      ).listener.frame(frame)
    }
    await admission.idle()
    expect([...reasons]).toEqual([['ticket.refused', 10_000]])
    expect(persistence.calls).toEqual({ claim: 0, leave: 0, checkpoint: 0, prove: 0 })
  })

  test('over sockets leave room for a player', async () => {
    const { privateKey } = await generateKeyPair('EdDSA')
    const token = await forge(privateKey)
    let sent = 0
    const attack = async () => {
      while (sent++ < 500) {
        const client = await connect(stage.host.port)
        client.send({ kind: 'join', ticket: token })
        expect(await client.end()).toBe('ticket.refused')
      }
    }
    await Promise.all(Array.from({ length: 50 }, attack))
    expect(stage.persistence.calls.claim).toBe(0)
    await stage.join('ann')
  })
})
