// The social socket over real WebSockets: the server that holds them, the management calls, and the client library.
import { once } from 'node:events'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { openSocial } from '#client/library/social.ts'
import type { OpenTextSocket } from '#client/library/socket.ts'
import { listen } from '#functions/start/listen.ts'
import type { Listening } from '#functions/start/listen.ts'
import { createSocketServer } from '#functions/start/sockets.ts'
import type { SocketServer } from '#functions/start/sockets.ts'
import { ApiError } from '#shared/api/client.ts'
import {
  socialBacklogMaxBytes,
  socialFrameMaxBytes,
  socialFramesPerSecond,
} from '#shared/limits.ts'
import type { SocialEvent } from '#shared/protocol/social-event.ts'
import { socialPath } from '#shared/protocol/social-socket.ts'
import { connectionIdAt, createSockets } from '#shared/push/sockets.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog } from '#shared/telemetry/log.ts'
import { freePort } from '../e2e/waystone.ts'
import { until } from './until.ts'

const secret = 's'.repeat(32)
let heard: { connectionId: string; text: string }[]
let ended: string[]
let server: Listening
let held: SocketServer
let sockets: Sockets
let address: string
/** Whether a hello is answered. */
let welcomes: boolean
/** What the domain waits for before it is done with a message. */
let busy: Promise<void> | undefined

beforeEach(async () => {
  heard = []
  ended = []
  welcomes = true
  busy = undefined
  const port = await freePort()
  const own = `http://127.0.0.1:${port}`
  address = `ws://127.0.0.1:${port}${socialPath}`
  sockets = createSockets({ secret, address })
  held = createSocketServer({
    handlers: {
      async message({ connectionId }, text) {
        heard.push({ connectionId, text })
        await busy
        if (text.includes('hello') && welcomes) await sockets.post(connectionId, '{"kind":"ready"}')
        const { ping } = JSON.parse(text) as { ping?: number }
        if (ping !== undefined)
          await sockets.post(connectionId, JSON.stringify({ kind: 'pong', ping }))
      },
      async closed(connectionId) {
        ended.push(connectionId)
        await Promise.resolve()
      },
    },
    secret,
    own,
    runtime,
    log: silentLog,
  })
  server = await listen(new Hono(), '127.0.0.1', port, runtime, { sockets: held })
})
afterEach(async () => {
  await server.stop()
})

async function connect() {
  const socket = new WebSocket(address)
  const got: unknown[] = []
  socket.on('message', (data: Buffer) => got.push(JSON.parse(data.toString())))
  await once(socket, 'open')
  return { socket, got }
}

const openText: OpenTextSocket = (to, events) => {
  const socket = new WebSocket(to)
  socket.on('open', () => events.opened())
  socket.on('message', (data: Buffer) => events.received(data.toString()))
  socket.on('close', () => events.closed())
  socket.on('error', () => undefined)
  return { send: (text) => socket.send(text), close: () => socket.close() }
}

describe('a server of social sockets', () => {
  it('hands messages over in order, sends what is posted, and closes what is deleted', async () => {
    const { socket, got } = await connect()
    for (let i = 0; i < 5; i++) socket.send(`{"n":${i}}`)
    await until(() => heard.length === 5)
    expect(heard.map(({ text }) => text)).toEqual([0, 1, 2, 3, 4].map((n) => `{"n":${n}}`))
    const { connectionId } = heard[0]!
    expect(await sockets.post(connectionId, '{"kind":"notified","of":"mailbox"}')).toBe('sent')
    await until(() => got.length === 1)
    expect(await sockets.close(connectionId)).toBe('sent')
    await until(() => ended.length === 1)
    expect(ended).toEqual([connectionId])
    expect(await sockets.post(connectionId, 'x')).toBe('gone')
  })

  it('takes management calls from those who know the secret alone', async () => {
    const { socket } = await connect()
    socket.send('{}')
    await until(() => heard.length === 1)
    const { connectionId } = heard[0]!
    const wrong = createSockets({ secret: 'x'.repeat(32) })
    expect(await wrong.post(connectionId, 'x')).toBe('failed')
    expect(await wrong.close(connectionId)).toBe('failed')
    expect(await sockets.post(connectionIdAt('http://127.0.0.1:1', 'x'), 'x')).toBe('failed')
    for (const id of ['', 'x', '../..', connectionIdAt('file:///etc/passwd', 'x')]) {
      expect([id, await sockets.post(id, 'x')]).toEqual([id, 'gone'])
    }
  })

  it('closes a socket that floods, sends bytes or too much, and one at another path', async () => {
    const flood = await connect()
    for (let i = 0; i <= socialFramesPerSecond; i++) flood.socket.send('{}')
    await once(flood.socket, 'close')
    expect(flood.got.at(-1)).toEqual({ kind: 'closed', reason: 'protocol.flood' })
    const bytes = await connect()
    bytes.socket.send(Buffer.from([1]))
    await once(bytes.socket, 'close')
    expect(bytes.got).toEqual([{ kind: 'closed', reason: 'protocol.malformed' }])
    const large = await connect()
    large.socket.send('x'.repeat(socialFrameMaxBytes + 1))
    expect((await once(large.socket, 'close'))[0]).toBe(1009)
    const elsewhere = new WebSocket(address.replace(socialPath, '/v1/other'))
    const [refused] = (await once(elsewhere, 'error')) as [Error]
    expect(refused.message).toContain('404')
  })

  it('drops what waits of a socket that has gone, and tells of none that never spoke', async () => {
    const silent = await connect()
    silent.socket.close()
    await once(silent.socket, 'close')
    const done = Promise.withResolvers<void>()
    busy = done.promise
    const { socket } = await connect()
    for (let n = 0; n < 5; n++) socket.send(`{"n":${n}}`)
    await until(() => heard.length === 1)
    const { connectionId } = heard[0]!
    socket.terminate()
    await expect.poll(async () => await sockets.post(connectionId, 'x')).toBe('gone')
    done.resolve()
    await until(() => ended.length === 1)
    expect(ended).toEqual([connectionId])
    expect(heard).toHaveLength(1)
  })

  it('cuts a client that does not read, and keeps no more for it than is stated', async () => {
    const { socket } = await connect()
    socket.send('{}')
    await until(() => heard.length === 1)
    const { connectionId } = heard[0]!
    socket.pause()
    const text = 'x'.repeat(64 * 1024)
    let sent = 0
    while ((await sockets.post(connectionId, text)) === 'sent') sent += text.length
    expect(sent).toBeGreaterThan(socialBacklogMaxBytes)
    expect(await sockets.post(connectionId, text)).toBe('gone')
    socket.terminate()
  })
})

describe('the client library', () => {
  function client(ticket: () => Promise<{ address: string; ticket: string }>) {
    const seen = { ready: 0, told: [] as SocialEvent[], waits: [] as number[] }
    const social = openSocial({
      ticket,
      socket: openText,
      runtime: {
        ...runtime,
        // Pauses are short here.
        sleep: async (ms, signal) => {
          seen.waits.push(ms)
          await runtime.sleep(Math.min(ms, ms > 5000 ? ms : 20), signal)
        },
      },
      listen: ['global'],
      ready: () => (seen.ready += 1),
      told: (event) => seen.told.push(event),
    })
    return { social, seen }
  }

  it('says hello, is told, and comes back by a new ticket until it is replaced', async () => {
    let tickets = 0
    const { social, seen } = client(async () => {
      tickets += 1
      return await Promise.resolve({ address, ticket: `ticket-${tickets}` })
    })
    await until(() => seen.ready === 1)
    expect(JSON.parse(heard[0]!.text)).toEqual({ hello: 'ticket-1', listen: ['global'] })
    const { connectionId } = heard[0]!
    const events: SocialEvent[] = [
      { kind: 'notified', of: 'mailbox' },
      { kind: 'lost', channel: 'global', count: 2 },
    ]
    for (const event of events) await sockets.post(connectionId, JSON.stringify(event))
    await sockets.post(connectionId, '{"kind":"of.later.version"}')
    // Told twice before it reads: it reads once, a second later.
    for (let i = 0; i < 2; i++)
      await sockets.post(connectionId, '{"kind":"lost","channel":"global"}')
    await until(() => seen.told.length === 3)
    expect(seen.told).toEqual([...events, { kind: 'lost', channel: 'global' }])
    await sockets.close(connectionId)
    await until(() => seen.ready === 2)
    social.listen(['zone:hub'])
    await until(() => heard.some(({ text }) => text === '{"listen":["zone:hub"]}'))
    await sockets.post(heard.at(-1)!.connectionId, '{"kind":"closed","reason":"replaced"}')
    await sockets.close(heard.at(-1)!.connectionId)
    expect(await social.ended).toBe('replaced')
    expect(tickets).toBe(2)
  })

  it('waits longer after each failure, and stops where there is nothing to ask for', async () => {
    let asked = 0
    const { social, seen } = client(async () => {
      asked += 1
      await Promise.resolve()
      throw new ApiError(asked < 5 ? 'store.unavailable' : 'auth.banned', '', { status: 503 })
    })
    expect(await social.ended).toBe('auth.banned')
    expect(asked).toBe(5)
    const [first, , , fourth] = seen.waits
    expect(fourth).toBeGreaterThan(first! * 2)
  })

  it('ends at once when it is closed', async () => {
    const { social, seen } = client(async () => await Promise.resolve({ address, ticket: 't' }))
    await until(() => seen.ready === 1)
    social.close()
    expect(await social.ended).toBe('closed')
    await until(() => ended.length === 1)
  })
})
