import * as z from 'zod'
import { afterEach, expect, test } from 'vitest'
import { ApiError } from '#shared/api/client.ts'
import { CLOSE } from '#shared/protocol/close.ts'
import { packControl, unpackControl } from '#shared/protocol/control.ts'
import { message } from '#shared/protocol/message.ts'
import { encodeServerFrame } from '#shared/protocol/server-frames.ts'
import { createZoneClient } from '#client/library/zone-client.ts'
import type { ZoneClient } from '#client/library/zone-client.ts'
import type { ResumeTicket, ZoneClientOptions } from '#client/library/zone-client-state.ts'
import { createFakeServer, meadow } from './fake-server.ts'
import type { FakeServer } from './fake-server.ts'
import { createTime } from '#testing/time.ts'
import type { Time } from '#testing/time.ts'

const faults: unknown[] = []
afterEach(() => {
  expect(faults.splice(0)).toEqual([])
})

function play(time: Time, server: FakeServer, more: Partial<ZoneClientOptions> = {}): ZoneClient {
  const client = createZoneClient({
    enter: server.enter,
    loadZone: server.loadZone,
    socket: server.socket,
    runtime: time.runtime,
    monotonic: time.now,
    failed: (error) => faults.push(error),
    ...more,
  })
  time.every(16, () => client.update())
  return client
}

async function joined(delayMs = 30, more: Partial<ZoneClientOptions> = {}) {
  const time = createTime()
  const server = createFakeServer(time, { delayMs })
  const client = play(time, server, more)
  await time.until(() => client.state.phase === 'joined')
  return { time, server, client }
}

const isJoined = (client: ZoneClient) => () => client.state.phase === 'joined'

test('a walk is predicted exactly: no corrections, no command lost, client and server agree', async () => {
  const { time, server, client } = await joined(40)
  await time.pass(1500)
  const missingBefore = server.commands.missing
  for (let i = 0; i < 60; i++) {
    if (i % 7 === 6) client.stand()
    else client.walk(Math.floor(time.random() * 65_536))
    await time.pass(130)
  }
  client.stand()
  await time.pass(1000)
  expect(client.metrics.corrections).toBe(0)
  expect(server.commands.late).toEqual([])
  expect(server.commands.missing).toBe(missingBefore)
  const { x, y, heading, speed } = client.self()!
  expect({ x, y, heading, speed }).toEqual(server.own)
  expect(Math.abs(server.own.x - 60_000) + Math.abs(server.own.y - 60_000)).toBeGreaterThan(2000)
})

test('walking against a wall is predicted exactly, too', async () => {
  const { time, server, client } = await joined(60)
  await time.pass(1000)
  client.walk(1000)
  await time.pass(5000)
  expect(client.metrics.corrections).toBe(0)
  expect(server.own.x).toBeLessThanOrEqual(72_000 - 480)
  client.stand()
  await time.pass(500)
  expect(client.acknowledged!.body).toEqual(server.own)
  const { x, y, heading, speed } = client.self()!
  expect({ x, y, heading, speed }).toEqual(server.own)
})

test('one is shown moving within two frames, long before the server has answered', async () => {
  const { time, client } = await joined(150)
  await time.pass(1000)
  const before = client.self()!
  client.walk(0)
  await time.pass(110)
  const after = client.self()!
  expect(after.drawX).toBeGreaterThan(before.drawX)
})

test('where the server disagrees the client follows, and is drawn without a jump', async () => {
  const { time, server, client } = await joined(40)
  await time.pass(1000)
  server.place(server.own.x + 1200, server.own.y)
  let largest = 0
  let last = client.self()!
  for (let i = 0; i < 120; i++) {
    await time.pass(8)
    const now = client.self()!
    largest = Math.max(largest, Math.abs(now.drawX - last.drawX))
    last = now
  }
  expect(client.metrics.corrections).toBe(1)
  expect(client.self()!.x).toBe(server.own.x)
  expect(Math.abs(last.drawX - server.own.x)).toBeLessThan(5)
  expect(largest).toBeLessThan(200)
})

test('a far correction is another place, shown there at once', async () => {
  const { time, server, client } = await joined(40)
  await time.pass(1000)
  server.place(10_000, 10_000)
  await time.until(() => client.self()!.x === 10_000, 500)
  expect(client.self()!.drawX).toBeCloseTo(10_000, 0)
})

test('about two commands wait on the server, at 20 and at 30 Hz', async () => {
  for (const tickHz of [20, 30]) {
    const time = createTime()
    const server = createFakeServer(time, { delayMs: 25, tickHz })
    const client = play(time, server)
    await time.until(isJoined(client))
    await time.pass(5000)
    let sum = 0
    for (let i = 0; i < 200; i++) {
      await time.pass(23)
      sum += server.commands.waiting
    }
    expect(sum / 200).toBeGreaterThan(1)
    expect(sum / 200).toBeLessThan(3)
    const inputs = server.received.filter((frame) => frame.kind === 'input').length
    expect(inputs / ((time.now() - 1_790_000_000_000) / 1000)).toBeLessThan(12)
  }
})

test('after a pause of the whole program walking goes on, without commands that come too late', async () => {
  const { time, server, client } = await joined(30)
  await time.pass(1000)
  client.walk(16_384)
  await time.pass(300)
  // The browser sleeps: the network delivers nothing, and no update runs.
  server.delayMs = 3000
  await time.pass(1500)
  server.delayMs = 30
  await time.pass(6000)
  const corrections = client.metrics.corrections
  const late = server.commands.late.length
  client.walk(49_152)
  await time.pass(3000)
  expect(client.metrics.corrections).toBe(corrections)
  expect(server.commands.late.length).toBe(late)
  client.stand()
  await time.pass(500)
  expect(client.self()!.y).toBe(server.own.y)
})

test('a delay that rises for good is made up for within three seconds', async () => {
  const { time, server, client } = await joined(20)
  await time.pass(1000)
  client.walk(32_768)
  await time.pass(200)
  server.delayMs = 220
  await time.pass(3500)
  const late = server.commands.late.length
  await time.pass(2000)
  expect(server.commands.late.length).toBe(late)
})

test('others are known exactly as of each snapshot, and drawn smoothly behind them', async () => {
  const { time, server, client } = await joined(30)
  server.others.push({
    id: 9,
    name: 'Bo',
    x: 20_000,
    y: 20_000,
    heading: 0,
    speed: 80,
    changed: false,
  })
  server.cut()
  await time.until(() => client.seen().length === 1)
  await time.pass(1000)
  const bo = server.others[0]!
  let last = client.draw()[0]!
  let largest = 0
  for (let i = 0; i < 400; i++) {
    if (i % 31 === 0) {
      bo.heading = Math.floor(time.random() * 1024) * 64
      bo.changed = true
    }
    await time.pass(16)
    const drawn = client.draw()[0]!
    largest = Math.max(largest, Math.hypot(drawn.x - last.x, drawn.y - last.y))
    last = drawn
  }
  // 80 steps are 4,800 units a second: 77 in 16 ms. Never faster than that, but for rounding.
  expect(largest).toBeLessThan(85)
  bo.speed = 0
  bo.changed = true
  await time.pass(500)
  expect(client.seen()[0]).toMatchObject({ id: 9, name: 'Bo', x: bo.x, y: bo.y, speed: 0 })
  const drawn = client.draw()[0]!
  expect(Math.hypot(drawn.x - bo.x, drawn.y - bo.y)).toBeLessThan(2)
})

test('a lost socket is resumed at once, in the same place, with the newest secret', async () => {
  const { time, server, client } = await joined()
  await time.pass(6000)
  for (let i = 0; i < 3; i++) {
    server.cut()
    expect(client.state).toMatchObject({ phase: 'joined' })
    await time.pass(1)
    expect(client.state).toMatchObject({ phase: 'reconnecting', why: 'socket' })
    await time.until(isJoined(client), 400)
    await time.pass(6000)
  }
  expect(server.entered).toBe(1)
  expect(server.received.filter((frame) => frame.kind === 'resume')).toHaveLength(3)
  expect(client.metrics.reconnects).toBe(3)
  client.walk(0)
  await time.pass(1500)
  expect(client.metrics.corrections).toBe(0)
  expect(client.self()!.x).toBeGreaterThan(60_000)
})

test('a close code of a later version counts as internal: it enters again after a pause', async () => {
  const { time, server, client } = await joined()
  await time.pass(6000)
  server.cut(4999)
  await time.pass(100)
  expect(client.state).toMatchObject({ phase: 'reconnecting', why: 'internal' })
  await time.until(isJoined(client), 2000)
  expect(server.entered).toBe(2)
})

test('when resuming is refused it enters again', async () => {
  const { time, server, client } = await joined()
  await time.pass(6000)
  server.resumable = false
  server.cut()
  await time.pass(1)
  await time.until(isJoined(client))
  expect(server.entered).toBe(2)
})

test('a silent server is taken for lost, and the place is resumed', async () => {
  const { time, server, client } = await joined()
  await time.pass(6000)
  server.frozen = true
  await time.until(() => client.state.phase === 'reconnecting', 8000)
  expect(client.metrics.errors.get('silent')).toBe(1)
  server.frozen = false
  await time.until(isJoined(client), 2000)
  expect(server.received.filter((frame) => frame.kind === 'resume')).toHaveLength(1)
})

test('a host that stays silent is left for `enter` within 7 s', async () => {
  const { time, server, client } = await joined()
  await time.pass(6000)
  server.frozen = true
  const from = time.now()
  await time.until(() => server.entered === 2, 8000)
  expect(time.now() - from).toBeLessThan(7000)
  expect(client.metrics.errors.get('silent')).toBe(2)
  server.frozen = false
  await time.until(isJoined(client), 2000)
})

test('while the server is gone it waits longer each time, and stops in the end', async () => {
  const { time, server, client } = await joined(30, { reconnectForMs: 60_000 })
  await time.pass(6000)
  server.reachable = false
  server.opened.length = 0
  server.cut()
  await time.pass(20_000)
  const early = server.opened.length
  expect(early).toBeGreaterThan(3)
  expect(early).toBeLessThan(15)
  await time.until(() => client.state.phase === 'closed', 60_000)
  expect(client.state).toEqual({ phase: 'closed', reason: 'unreachable' })
  expect(await client.ended).toBe('unreachable')
})

test('the time until it stops counts from when the socket was lost, however long it was played before', async () => {
  const { time, server, client } = await joined(30, { reconnectForMs: 20_000 })
  await time.pass(30_000)
  server.reachable = false
  server.cut()
  await time.pass(10_000)
  expect(client.state.phase).toBe('reconnecting')
  expect(client.metrics.reconnects).toBe(1)
  server.reachable = true
  await time.until(isJoined(client), 8000)
})

test('a redirect is followed at once by entering again', async () => {
  const { time, server, client } = await joined()
  await time.pass(300)
  const states: string[] = []
  client.on('state', (state) => states.push(state.phase))
  server.send({ kind: 'redirect', mode: 'go', zone: 'forest', address: '', ticket: '' })
  server.close('redirected')
  await time.until(() => states.includes('travelling'))
  await time.until(isJoined(client), 400)
  expect(states).toEqual(['travelling', 'connecting', 'joined'])
  expect(server.entered).toBe(2)
  expect(server.received.filter((frame) => frame.kind === 'resume')).toHaveLength(0)
  expect(client.metrics).toMatchObject({ redirects: 1, reconnects: 0 })
  expect(client.metrics.errors.size).toBe(0)
})

test('it goes to a private instance and comes back outside, by leaving and entering again', async () => {
  const { time, server, client } = await joined()
  await time.pass(300)
  const states: string[] = []
  client.on('state', (state) => states.push(state.phase))
  for (const to of ['an instance', 'outside']) {
    states.length = 0
    expect(client.goTo(to)).toBe(true)
    await time.until(isJoined(client), 1000)
    expect(states).toEqual(['travelling', 'connecting', 'joined'])
    expect(server.asked.at(-1)).toBe(to)
  }
  expect(server.received.filter((frame) => frame.kind === 'resume')).toHaveLength(0)
  // Once it is there, it enters as always.
  server.resumable = false
  server.cut()
  await time.until(() => !isJoined(client)())
  await time.until(isJoined(client), 8000)
  expect(server.asked.at(-1)).toBeUndefined()
})

test('when the instance is over it comes back to where it was', async () => {
  const { time, server, client } = await joined()
  server.enterFailures.push(new ApiError('instance.unknown', 'over', { status: 404 }))
  client.goTo('an instance')
  await time.until(isJoined(client), 8000)
  expect(server.asked.slice(-2)).toEqual(['an instance', undefined])
})

const final = ['left', 'replaced', 'kicked', 'protocol.version'] as const

test.each(final)('closed as %s it does not come back by itself', async (reason) => {
  let kept: ResumeTicket | undefined
  const { time, server, client } = await joined(30, {
    keepResume: (ticket) => {
      kept = ticket
    },
  })
  expect(kept).toBeDefined()
  server.close(reason)
  await time.pass(30_000)
  expect(client.state).toEqual({ phase: 'closed', reason })
  expect(server.opened).toHaveLength(1)
  expect(kept).toBeUndefined()
})

test.each(
  Object.keys(CLOSE).filter(
    (reason) => !final.some((one) => one === reason),
  ) as (keyof typeof CLOSE)[],
)('closed as %s it is back in the world within seconds', async (reason) => {
  const { time, server, client } = await joined()
  await time.pass(200)
  server.close(reason)
  await time.pass(100)
  expect(client.state.phase).not.toBe('closed')
  await time.until(isJoined(client), 5000)
})

test('refusals of entering that pass are waited out, as long as the server asks for', async () => {
  const time = createTime()
  const server = createFakeServer(time)
  server.enterFailures.push(
    new ApiError('network', 'no answer'),
    new ApiError('world.full', 'full', { status: 503, retryAfterS: 7 }),
  )
  const client = play(time, server)
  await time.pass(5000)
  expect(client.state).toMatchObject({ phase: 'reconnecting', why: 'world.full' })
  expect(server.entered).toBe(2)
  await time.until(isJoined(client))
  expect(server.entered).toBe(3)
})

test('refusals that do not pass end it with their code', async () => {
  const time = createTime()
  const server = createFakeServer(time)
  server.enterFailures.push(new ApiError('character.not_found', 'none', { status: 404 }))
  const client = play(time, server)
  await time.pass(100)
  expect(client.state).toEqual({ phase: 'closed', reason: 'character.not_found' })
})

test('a character that is held elsewhere is asked for until it is let go, a second apart', async () => {
  const { time, server, client } = await joined()
  await time.pass(6000)
  server.reachable = false
  const held = () => new ApiError('play.session_active', 'active', { status: 409, retryAfterS: 1 })
  server.enterFailures.push(held(), held(), held())
  server.cut()
  await time.until(() => server.entered === 2, 15_000)
  const from = time.now()
  server.reachable = true
  await time.until(isJoined(client), 10_000)
  expect(time.now() - from).toBeLessThan(4000)
  expect(server.entered).toBe(5)
  expect(server.received.some(({ kind }) => kind === 'resume')).toBe(false)
  expect(server.received.filter(({ kind }) => kind === 'join')).toHaveLength(2)
})

test('a ticket kept from before a reload resumes at once', async () => {
  const time = createTime()
  const server = createFakeServer(time)
  let kept: ResumeTicket | undefined
  const first = play(time, server, { keepResume: (ticket) => (kept = ticket) })
  await time.until(isJoined(first))
  const second = play(time, server, { resume: { ...kept! } })
  await time.until(isJoined(second), 500)
  expect(server.entered).toBe(1)
})

test('leaving sends LEAVE and ends as left', async () => {
  const { time, server, client } = await joined()
  const leaving = client.leave()
  await time.pass(200)
  expect(await leaving).toBe('left')
  expect(server.received.at(-1)).toEqual({ kind: 'leave' })
  expect(client.state).toEqual({ phase: 'closed', reason: 'left' })
})

test('leaving does not hang on a server that says nothing, nor while reconnecting', async () => {
  const { time, server, client } = await joined()
  server.delayMs = 100_000
  const leaving = client.leave()
  await time.pass(2100)
  expect(await leaving).toBe('left')

  const other = await joined()
  other.server.reachable = false
  other.server.cut()
  await other.time.pass(700)
  const left = other.client.leave()
  await other.time.pass(10)
  expect(await left).toBe('left')
})

test('chat, refusals, saving and what is new come as events; a frame that makes no sense ends the socket alone', async () => {
  const { time, server, client } = await joined()
  const heard: unknown[] = []
  client.on('chat', (event) => heard.push(event))
  client.on('refused', (event) => heard.push(event))
  client.on('saving', (event) => heard.push(event))
  client.on('notified', ({ of }) => heard.push(of))
  server.control({ kind: 'chat.nearby', from: 9, name: 'Bo', text: 'Hello' })
  server.control({ kind: 'refused', of: 'chat.nearby', code: 'rate' })
  server.control({ kind: 'saving', paused: true })
  for (const of of ['mailbox', 'a later one' as 'mailbox', 'presence'] as const) {
    server.control({ kind: 'notified', of })
  }
  await time.pass(100)
  const others = ['mailbox', 'presence']
  expect(heard).toMatchObject([{ text: 'Hello' }, { code: 'rate' }, { paused: true }, ...others])
  expect(client.say('   ')).toBe(false)
  expect(client.say('x'.repeat(201))).toBe(false)
  expect(client.say('Hi')).toBe(true)
  server.raw(new Uint8Array([0x20, 0x82, 1]))
  await time.pass(100)
  expect(client.metrics.errors.get('unreadable')).toBe(1)
  await time.until(isJoined(client))
})

test('of totals that overtake each other the newest stays', async () => {
  const { time, server, client } = await joined()
  const heard: unknown[] = []
  client.on('tally', (event) => heard.push(event))
  const total = (tally: string, number: number, changes: number) =>
    server.control({ kind: 'tally', tally, total: number, changes })
  total('score', 5, 1)
  total('score', 9, 3)
  total('score', 12, 2)
  total('steps', -4, 1)
  await time.pass(100)
  server.cut()
  await time.until(() => client.state.phase === 'reconnecting')
  await time.until(isJoined(client))
  total('score', 9, 3)
  total('score', 8, 4)
  await time.pass(100)
  expect(heard).toMatchObject([
    { tally: 'score', total: 5 },
    { tally: 'score', total: 9 },
    { tally: 'steps', total: -4 },
    { tally: 'score', total: 8 },
  ])
})

test('a host with other content makes the client load the zone anew', async () => {
  const time = createTime()
  const server = createFakeServer(time)
  const loads: boolean[] = []
  let version = 'v0'
  const client = play(time, server, {
    loadZone: async (_, fresh) => {
      loads.push(fresh)
      if (fresh) version = 'v1'
      return fresh ? meadow : { ...meadow, walls: [] }
    },
    contentVersion: () => version,
  })
  await time.until(isJoined(client))
  await time.pass(100)
  expect(loads).toEqual([false, true])
  client.walk(0)
  await time.pass(3000)
  expect(client.metrics.corrections).toBe(0)
})

test('content that changes while one is in is loaded, also from a server that learns of it later', async () => {
  const time = createTime()
  const server = createFakeServer(time)
  const loads: boolean[] = []
  let version = 'v1'
  const client = play(time, server, {
    loadZone: async (_, fresh) => {
      loads.push(fresh)
      // The file server has the change only at the third request.
      if (loads.length === 4) version = 'v2'
      return version === 'v2' ? { ...meadow, name: 'New' } : meadow
    },
    contentVersion: () => version,
  })
  await time.until(isJoined(client))
  server.control({ kind: 'content', version: 'v2' })
  await time.pass(2000)
  expect(loads).toEqual([false, true, true, true])
  expect(client.content!.name).toBe('New')
})

test('saving that is paused stays so while content is loaded anew, and is known right after a resume', async () => {
  const { time, server, client } = await joined(30, { contentVersion: () => 'v1' })
  const heard: boolean[] = []
  client.on('saving', ({ paused }) => heard.push(paused))
  server.control({ kind: 'saving', paused: true })
  server.control({ kind: 'content', version: 'v2' })
  await time.pass(3000)
  expect(client.savingPaused).toBe(true)
  // A host says it right behind WELCOME, before the first snapshot.
  server.afterWelcome = { kind: 'saving', paused: true }
  server.cut()
  await time.until(() => client.state.phase === 'reconnecting')
  await time.until(isJoined(client))
  expect(client.savingPaused).toBe(true)
  expect(heard).toEqual([true, true])
  server.afterWelcome = undefined
  server.cut()
  await time.until(() => client.state.phase === 'reconnecting')
  await time.until(isJoined(client))
  expect(client.savingPaused).toBe(false)
})

test('messages of the game come through as they are, and are sent', async () => {
  const { time, server, client } = await joined()
  const heard: unknown[] = []
  client.on('message', (message) => heard.push(message))
  server.raw(
    encodeServerFrame({ kind: 'control', body: packControl({ kind: 'game.emote', from: 3 }) }),
  )
  server.control({ kind: 'saving', paused: true })
  await time.pass(100)
  expect(heard).toEqual([{ kind: 'game.emote', from: 3 }])
  expect(client.send({ kind: 'game.emote', emote: 'wave' })).toBe(true)
  const leaving = client.leave()
  await time.pass(3000)
  await leaving
  expect(client.send({ kind: 'game.emote', emote: 'wave' })).toBe(false)
})

test('a request has its own answer or refusal; what waits when the socket goes is lost', async () => {
  const { time, server, client } = await joined()
  const sum = message('game.sum', {
    toServer: z.strictObject({ of: z.array(z.int()) }),
    answer: z.object({ sum: z.int() }),
  })
  const events: unknown[] = []
  client.on('message', (event) => events.push(event))
  client.on('refused', (event) => events.push(event))
  const outcomes: Record<string, unknown> = {}
  const ask = (name: string) =>
    client.request(sum, { of: [1, 2] }).then(
      (answer) => (outcomes[name] = answer),
      (error: { code: string }) => (outcomes[name] = error.code),
    )
  for (const name of ['a', 'b', 'c', 'd']) void ask(name)
  await time.pass(100)
  const asked = server.received.flatMap((frame) => (frame.kind === 'control' ? [frame.body] : []))
  const numbers = asked.map((body) => (unpackControl(body) as { n: number }).n)
  expect(unpackControl(asked[0]!)).toEqual({ kind: 'game.sum', of: [1, 2], n: numbers[0] })
  expect(new Set(numbers).size).toBe(4)
  const answer = (n: number | undefined, more: object) =>
    server.raw(
      encodeServerFrame({
        kind: 'control',
        body: packControl({ kind: 'game.sum', re: n, ...more }),
      }),
    )
  answer(numbers[1], { sum: 3 })
  answer(numbers[0], { sum: 'three' })
  server.control({ kind: 'refused', of: 'game.sum', code: 'rate', re: numbers[2]! })
  // None of ours.
  answer(77, { sum: 9 })
  await time.pass(100)
  expect(outcomes).toEqual({ a: 'failed', b: { sum: 3 }, c: 'rate' })
  expect(events).toEqual([{ kind: 'game.sum', re: 77, sum: 9 }])
  server.cut()
  await time.until(() => client.state.phase === 'reconnecting')
  await time.pass(10)
  expect(outcomes['d']).toBe('lost')
  await ask('e')
  expect(outcomes['e']).toBe('lost')
})

test('waits in the login queue as long as it takes, says where it stands, and joins in its turn', async () => {
  const time = createTime()
  const server = createFakeServer(time, {})
  const states: string[] = []
  let waits = 8
  const client = play(time, server, {
    reconnectForMs: 60_000,
    async enter(signal, to, waiting) {
      for (; waits > 0; waits--) {
        waiting?.({ position: waits, of: 20, askAgainS: 30, seconds: waits * 30 })
        await time.runtime.sleep(30_000, signal)
      }
      waiting?.(undefined)
      return await server.enter(signal, to)
    },
  })
  client.on('state', ({ phase }) => states.push(phase))
  await time.pass(45_000)
  expect(client.state).toEqual({
    phase: 'waiting',
    position: 7,
    of: 20,
    askAgainS: 30,
    seconds: 210,
  })
  // A host that cannot be reached at first is no reason to give up after the wait.
  server.reachable = false
  await time.pass(200_000)
  server.reachable = true
  await time.until(isJoined(client))
  expect(states).toContain('reconnecting')
})

test('who leaves the login queue has left, and nothing is reported as a fault', async () => {
  const time = createTime()
  const server = createFakeServer(time, {})
  const client = play(time, server, {
    async enter(signal, _to, waiting) {
      waiting?.({ position: 1, of: 1, askAgainS: 30 })
      await time.runtime.sleep(30_000, signal)
      throw new Error('not in this test')
    },
  })
  await time.pass(1000)
  void client.leave()
  await time.pass(1000)
  expect(client.state).toEqual({ phase: 'closed', reason: 'left' })
})
