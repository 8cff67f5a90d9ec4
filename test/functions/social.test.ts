// The social socket: tickets, what its clients send, and pushes to many. Handlers and API run in one process on the
// memory store; a test sends what a socket would.
import { describe, expect, it } from 'vitest'
import { CacheError } from '#shared/cache/cache.ts'
import type { Cache } from '#shared/cache/cache.ts'
import {
  socialFrameMaxBytes,
  socialHelloMs,
  socialKeptMs,
  socialPaceMs,
  socialToldMax,
  ticketMs,
} from '#shared/limits.ts'
import { inboxChannel } from '#shared/ownership/inbox.ts'
import {
  hostKey,
  openSocketsKey,
  placeKey,
  socketKey,
  writeEntry,
  writeSocketEntry,
} from '#shared/presence/entry.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import { socialMessage } from '#shared/protocol/social-socket.ts'
import type { SocialMessage } from '#shared/protocol/social-socket.ts'
import { createPush } from '#shared/push/push.ts'
import { newId } from '#shared/runtime.ts'
import { codeOf, openApi } from './api.ts'
import type { TestApi } from './api.ts'
import { inRealm as params, person } from './people.ts'
import type { Person } from './people.ts'

let connections = 0

/** A socket as API Gateway has one: what it was sent, and whether it was closed. */
function open(test: TestApi) {
  const connectionId = `connection-${++connections}=`
  const openedAt = test.clock.now()
  return {
    connectionId,
    say: async (frame: unknown) =>
      await test.social.message(
        { connectionId, openedAt },
        typeof frame === 'string' ? frame : JSON.stringify(frame),
      ),
    got(): SocialMessage[] {
      return test.sockets.sent
        .filter(({ to }) => to === connectionId)
        .map(({ text }) => socialMessage.parse(JSON.parse(text)))
    },
    closed: () => test.sockets.closed.includes(connectionId),
    ended: async () => await test.social.closed(connectionId),
  }
}

async function ticketOf({ client }: Person) {
  return (await client.social.ticket({ params })).ticket
}

async function online(test: TestApi, who: Person, listen?: string[]) {
  const socket = open(test)
  await socket.say({ hello: await ticketOf(who), ...(listen && { listen }) })
  expect(socket.got()).toEqual([{ kind: 'ready' }])
  test.sockets.sent.length = 0
  return socket
}

const closed = (reason: string) => ({ kind: 'closed', reason })

/** Pushes are not waited for. */
const pass = async () => await new Promise((resolve) => setTimeout(resolve, 20))

describe('a ticket', () => {
  it('opens one socket, once', async () => {
    const test = await openApi()
    const ada = await person(test, 'Ada')
    const given = await ada.client.social.ticket({ params })
    expect(given.address).toBe('ws://test.example/v1/social')
    expect(given.expiresAt).toBe(test.clock.now() + ticketMs)
    const [first, second] = [open(test), open(test)]
    await first.say({ hello: given.ticket })
    await second.say({ hello: given.ticket })
    expect(first.got()).toEqual([{ kind: 'ready' }])
    expect(second.got()).toEqual([closed('ticket.refused')])
    expect([first.closed(), second.closed()]).toEqual([false, true])
  })

  it('is taken by one of fifty that come at once', async () => {
    const test = await openApi()
    const ada = await person(test, 'Ada')
    const hello = await ticketOf(ada)
    const sockets = Array.from({ length: 50 }, () => open(test))
    await Promise.all(sockets.map(async (socket) => await socket.say({ hello })))
    const ready = sockets.filter((socket) => socket.got().some(({ kind }) => kind === 'ready'))
    expect(ready).toHaveLength(1)
    expect(sockets.filter((socket) => socket.closed())).toHaveLength(49)
  })

  it('that is wrong, replaced, too old or of another realm opens none', async () => {
    const test = await openApi()
    const [ada, bram] = [await person(test, 'Ada'), await person(test, 'Bram')]
    const replaced = await ticketOf(ada)
    const good = await ticketOf(ada)
    const [realm, , secret] = good.split('.')
    const wrong = [
      replaced,
      '',
      'x',
      `${good}x`,
      good.replace('local', 'far'),
      `${realm}.${bram.playerId}.${secret}`,
      `${realm}.R#local#SOCIAL#${ada.playerId}.${secret}`,
      `${realm}.${ada.playerId}.`,
    ]
    for (const hello of wrong) {
      const socket = open(test)
      await socket.say({ hello })
      expect([hello, socket.got()]).toEqual([hello, [closed('ticket.refused')]])
    }
    test.clock.advance(ticketMs)
    const late = open(test)
    await late.say({ hello: good })
    expect(late.got()).toEqual([closed('ticket.refused')])
    expect(await codeOf(ada.client.social.ticket({ params: { realmId: 'nowhere' } }))).toBe(
      'realm.unknown',
    )
  })
})

describe('a socket', () => {
  it('says whose it is first and in time, or is closed with a reason', async () => {
    const test = await openApi()
    const ada = await person(test, 'Ada')
    const frames: [unknown, string][] = [
      [{ ping: 1 }, 'protocol.unexpected'],
      [{ listen: ['global'] }, 'protocol.unexpected'],
      ['', 'protocol.malformed'],
      ['{"hello":1}', 'protocol.malformed'],
      ['null', 'protocol.malformed'],
      [`{"hello":"${'x'.repeat(socialFrameMaxBytes)}"}`, 'protocol.malformed'],
      [{ hello: await ticketOf(ada), more: 1 }, 'protocol.malformed'],
      [{ hello: await ticketOf(ada), listen: ['guild:x'] }, 'protocol.malformed'],
    ]
    for (const [frame, reason] of frames) {
      const socket = open(test)
      await socket.say(frame)
      expect([frame, socket.got(), socket.closed()]).toEqual([frame, [closed(reason)], true])
    }
    const late = open(test)
    test.clock.advance(socialHelloMs + 1)
    await late.say({ hello: await ticketOf(ada) })
    expect(late.got()).toEqual([closed('timeout')])
    const twice = await online(test, ada)
    await twice.say({ hello: await ticketOf(ada) })
    expect(twice.got()).toEqual([closed('protocol.unexpected')])
  })

  it('is replaced by a newer one of its player, whose end later changes nothing for the newer one', async () => {
    const test = await openApi()
    const ada = await person(test, 'Ada')
    const first = await online(test, ada)
    const second = open(test)
    await second.say({ hello: await ticketOf(ada) })
    expect(first.got()).toEqual([closed('replaced')])
    expect(first.closed()).toBe(true)
    await first.say({ ping: 1 })
    expect(first.got().at(-1)).toEqual(closed('protocol.unexpected'))
    await first.ended()
    test.sockets.sent.length = 0
    await second.say({ ping: 2 })
    expect(second.got()).toEqual([{ kind: 'pong', ping: 2 }])
  })

  it('that floods is closed', async () => {
    const test = await openApi({ profile: 'strict' })
    const ada = await person(test, 'Ada')
    const socket = await online(test, ada)
    for (let ping = 0; ping < 61; ping++) await socket.say({ ping })
    expect(socket.got().filter(({ kind }) => kind === 'pong')).toHaveLength(60)
    expect(socket.got().at(-1)).toEqual(closed('protocol.flood'))
  })

  it('is closed when the store does not answer, and opens again by a new ticket', async () => {
    const test = await openApi()
    const ada = await person(test, 'Ada')
    const hello = await ticketOf(ada)
    test.faults.next = () => ({ kind: 'outage' })
    const socket = open(test)
    await socket.say({ hello })
    test.faults.next = undefined
    expect(socket.got()).toEqual([closed('unavailable')])
    await online(test, ada)
  })

  it('of a banned player ends with his next ping', async () => {
    const test = await openApi()
    const ada = await person(test, 'Ada')
    const socket = await online(test, ada)
    await test.memory.put({
      table: 'core',
      item: {
        pk: `R#local#A#${ada.playerId}`,
        sk: 'BAN',
        v: 1,
        bannedUntil: test.clock.now() + 1e9,
        banVersion: 1,
      },
    })
    await socket.say({ ping: 1 })
    expect(socket.got()).toEqual([closed('ticket.refused')])
  })
})

describe('presence outside zones', () => {
  async function friends() {
    const test = await openApi()
    const [ada, bram] = [await person(test, 'Ada'), await person(test, 'Bram')]
    await ada.client.friends.ask({ params, body: { as: ada.as, name: 'Bram' } })
    const playerId = ada.playerId
    await bram.client.friends.accept({ params: { ...params, playerId }, body: { as: bram.as } })
    const seen = async () => {
      const { entries } = await bram.client.friends.list({ params })
      return entries[0]?.presence
    }
    return { test, ada, bram, seen }
  }

  it('is shown to friends, who are told when one comes and goes', async () => {
    const { test, ada, bram, seen } = await friends()
    expect(await seen()).toEqual({ state: 'offline' })
    const watcher = await online(test, bram)
    const socket = await online(test, ada)
    const since = test.clock.now()
    expect(await seen()).toEqual({ state: 'lobby', since })
    await pass()
    await socket.ended()
    await pass()
    const told = { kind: 'notified', of: 'presence' }
    expect(watcher.got().filter(({ kind }) => kind === 'notified')).toContainEqual(told)
    expect(await seen()).toEqual({ state: 'offline' })
  })

  it('gives way to the character in play, and ends without pings', async () => {
    const { test, ada, seen } = await friends()
    await online(test, ada)
    const entry = { characterId: ada.as, name: 'Ada', zone: 'hub', since: 5 }
    await test.cache.pipeline([
      ['HSET', hostKey('boot-1'), ada.playerId, writeEntry(entry)],
      ['SET', placeKey('local', ada.playerId), 'boot-1'],
    ])
    expect(await seen()).toMatchObject({ state: 'online', zone: 'hub' })
    await test.cache.pipeline([['DEL', hostKey('boot-1')]])
    expect(await seen()).toMatchObject({ state: 'lobby' })
    test.clock.advance(socialKeptMs)
    expect(await seen()).toEqual({ state: 'offline' })
  })

  it('is hidden from the moment on at which the player wants it, with a status otherwise', async () => {
    const { test, ada, bram, seen } = await friends()
    const socket = await online(test, ada)
    const show = async (body: { appear: 'online' | 'offline'; status?: string }) =>
      await ada.client.friends.show({ params, body })
    await show({ appear: 'online', status: 'Tea' })
    expect(await seen()).toMatchObject({ state: 'lobby', status: 'Tea' })
    await show({ appear: 'offline' })
    expect(await seen()).toEqual({ state: 'offline' })
    await socket.ended()
    const watcher = await online(test, bram)
    await online(test, ada)
    await pass()
    expect(await seen()).toEqual({ state: 'offline' })
    expect(watcher.got()).toEqual([])
  })
})

describe('a push', () => {
  it('reaches a player at his socket, and what he must not miss waits in his mailbox besides', async () => {
    const test = await openApi()
    const [ada, bram] = [await person(test, 'Ada'), await person(test, 'Bram')]
    const socket = await online(test, bram)
    await ada.client.friends.ask({ params, body: { as: ada.as, name: 'Bram' } })
    await pass()
    expect(socket.got()).toEqual([{ kind: 'notified', of: 'mailbox' }])
    // Away: nothing is told, nothing is missed.
    await socket.ended()
    const body = { as: ada.as, to: 'Bram', subject: 'Hi', text: 'There' }
    await ada.client.mail.send({ params, body })
    const back = await online(test, bram)
    expect(back.got()).toEqual([])
    const { entries } = await bram.client.notifications.list({ params })
    expect(entries.map(({ kind }) => kind)).toEqual(['friend.asked', 'mail.arrived'])
  })

  it('to a socket that is gone is not sent there again', async () => {
    const test = await openApi()
    const [ada, bram] = [await person(test, 'Ada'), await person(test, 'Bram')]
    const socket = await online(test, bram, ['global'])
    test.sockets.gone.add(socket.connectionId)
    await ada.client.friends.ask({ params, body: { as: ada.as, name: 'Bram' } })
    await pass()
    const left = await test.cache.pipeline([
      ['GET', socketKey('local', bram.playerId)],
      ['HMGET', openSocketsKey('local'), socket.connectionId],
    ])
    expect(left).toEqual([null, [null]])
  })

  it('is in sight again with the next ping after Redis was empty, and the client looks again', async () => {
    const test = await openApi()
    const [ada, bram] = [await person(test, 'Ada'), await person(test, 'Bram')]
    const socket = await online(test, bram, ['global'])
    await test.cache.pipeline([
      ['DEL', socketKey('local', bram.playerId)],
      ['DEL', openSocketsKey('local')],
    ])
    await ada.client.friends.ask({ params, body: { as: ada.as, name: 'Bram' } })
    await pass()
    expect(socket.got()).toEqual([])
    await socket.say({ ping: 3 })
    expect(socket.got()).toEqual([
      { kind: 'notified', of: 'mailbox' },
      { kind: 'notified', of: 'presence' },
      { kind: 'lost' },
      { kind: 'pong', ping: 3 },
    ])
    await socket.say({ ping: 4 })
    expect(socket.got().slice(4)).toEqual([{ kind: 'pong', ping: 4 }])
  })
})

/** Pushes with a Redis, sockets and hosts of their own, all counted. */
async function pushing(players: number) {
  const test = await openApi()
  const sent = { trips: 0, posts: 0, atOnce: 0, most: 0 }
  const fault = { gone: false }
  const cache: Cache = {
    ...test.cache,
    async pipeline(commands) {
      sent.trips += 1
      if (fault.gone) throw new CacheError('gone')
      return await test.cache.pipeline(commands)
    },
  }
  const told = new Map<string, string[]>()
  const push = createPush({
    cache,
    runtime: test.clock,
    sockets: {
      address: undefined,
      async post(connectionId, text) {
        sent.posts += 1
        told.set(connectionId, [...(told.get(connectionId) ?? []), text])
        return await Promise.resolve('sent' as const)
      },
      close: async () => await Promise.resolve('sent' as const),
    },
  })
  const all = Array.from({ length: players }, (_, i) => `account-${i}`)
  for (const [i, accountId] of all.entries()) {
    const entry = { connectionId: `c${i}`, since: 1, appear: 'online' as const }
    await test.cache.pipeline(
      i % 2 === 0
        ? [['SET', placeKey('local', accountId), `boot-${i % 10}`]]
        : [
            ['SET', socketKey('local', accountId), writeSocketEntry(entry)],
            ['HSET', openSocketsKey('local'), `c${i}`, i % 4 === 1 ? 'global zone:hub' : ''],
          ],
    )
  }
  return { test, push, sent, told, all, fault }
}

const from = { characterId: newId(globalClock()), name: 'Mira', playerId: newId(globalClock()) }

function globalClock() {
  return { now: () => 1_790_000_000_000, randomBytes: (n: number) => new Uint8Array(n) }
}

function said(channel: string, n: number): SocialEvent {
  const lineId = `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
  return { kind: 'said', channel, line: { lineId, at: n, channel, from, text: `line ${n}` } }
}

describe('pushes to many', () => {
  it('find 500 players in two trips, wherever they are', async () => {
    const { test, push, sent, told, all } = await pushing(500)
    const heard: string[] = []
    const stop = new AbortController()
    for (let i = 0; i < 10; i += 2) {
      test.cache.subscribe(inboxChannel(`boot-${i}`), (text) => heard.push(text), stop.signal)
    }
    push.send('local', all, { kind: 'announce', text: 'Tea' })
    await pass()
    stop.abort()
    expect(sent).toMatchObject({ trips: 2, posts: 250 })
    expect(told.size).toBe(250)
    expect(heard.flatMap((text) => JSON.parse(text).accounts)).toHaveLength(250)
  })

  it('of lines for everybody tell who listens once a second, and nobody else', async () => {
    const { test, push, told } = await pushing(40)
    for (let i = 0; i < 100; i++) push.broadcast('local', {}, said('global', i))
    await pass()
    expect(told.size).toBe(10)
    for (const texts of told.values()) {
      expect(texts.map((text) => JSON.parse(text))).toEqual([{ kind: 'lost', channel: 'global' }])
    }
    test.clock.advance(socialPaceMs)
    push.broadcast('local', {}, said('global', 100))
    push.broadcast('local', { zone: 'forest' }, said('zone:forest', 1))
    await pass()
    expect([...told.values()].every((texts) => texts.length === 2)).toBe(true)
  })

  it('tell so many sockets at most', async () => {
    const { push, sent } = await pushing(2 * socialToldMax + 100)
    push.broadcast('local', {}, { kind: 'announce', text: 'Tea' })
    await pass()
    expect(sent.posts).toBe(socialToldMax)
  })

  it('never fail without Redis, and leave it alone for a while', async () => {
    const { push, sent, fault, all, test } = await pushing(4)
    fault.gone = true
    for (let i = 0; i < 50; i++) {
      push.send('local', all, { kind: 'announce', text: 'Tea' })
      await pass()
      if (i === 0) sent.trips = 0
      if (i === 3) break
    }
    expect(sent.trips).toBe(0)
    fault.gone = false
    test.clock.advance(5000)
    push.send('local', all, { kind: 'announce', text: 'Tea' })
    await pass()
    expect(sent.posts).toBe(2)
  })
})

it('takes ten thousand frames of chance without a fault, and keeps nothing of them', async () => {
  const test = await openApi({ profile: 'generous' })
  const ada = await person(test, 'Ada')
  const tickets = [await ticketOf(ada)]
  const rows = () => test.memory.rows('volatile').length
  const before = rows()
  let state = 20_261_130
  const chance = (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % most
  }
  const parts = [
    '{',
    '}',
    '"hello"',
    ':',
    '"listen"',
    '[',
    ']',
    '"global"',
    ',',
    '"ping"',
    '7',
    '\u0000',
    'é',
    '"',
    '1e99',
    'null',
    '__proto__',
  ]
  const sockets = Array.from({ length: 20 }, () => open(test))
  for (let i = 0; i < 10_000; i++) {
    const kind = chance(10)
    const frame =
      kind === 0
        ? JSON.stringify({ ping: chance(100) })
        : kind === 1
          ? JSON.stringify({ listen: ['global', 'zone:hub'].slice(chance(3)) })
          : kind === 2
            ? JSON.stringify({ hello: tickets[chance(tickets.length)] })
            : Array.from({ length: chance(12) }, () => parts[chance(parts.length)]).join('')
    await sockets[chance(sockets.length)]!.say(frame)
    if (test.sockets.sent.length > 1000) test.sockets.sent.length = 0
  }
  expect(test.logged).toEqual([])
  expect(rows() - before).toBeLessThan(50)
})
