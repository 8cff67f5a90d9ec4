// The WebSocket transport with peers that break the protocol. The peer here writes bytes by hand: a library
// would not send most of this.
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createWebSocketTransport } from '#gameserver/net/websocket.ts'
import { encodeClientFrame } from '#shared/protocol/client-frames.ts'
import { openStage } from './host-kit.ts'
import type { Stage } from './host-kit.ts'
import { pause } from './walk.ts'

const handshake = [
  'GET /zone HTTP/1.1',
  'Host: zone.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n')

const CONTINUATION = 0
const BINARY = 2
const PING = 9

/** A frame of a client, masked with zeros. `first`: its first byte without the opcode (0x80 is FIN). */
function frame(opcode: number, payload: Uint8Array, first = 0x80): Buffer {
  const { length } = payload
  const size = length < 126 ? [length] : [126, length >> 8, length & 255]
  size[0]! |= 0x80
  return Buffer.from([first | opcode, ...size, 0, 0, 0, 0, ...payload])
}

type Peer = { socket: Socket; received: Buffer; closed: boolean }

let stage: Stage
const peers: Peer[] = []

beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  for (const { socket } of peers.splice(0)) socket.destroy()
  await stage.stop()
})

async function open(greeting = handshake): Promise<Peer> {
  const socket = connectTcp(stage.host.port, '127.0.0.1')
  const peer: Peer = { socket, received: Buffer.alloc(0), closed: false }
  peers.push(peer)
  socket.on('data', (data) => (peer.received = Buffer.concat([peer.received, data])))
  socket.on('error', () => undefined)
  socket.on('close', () => (peer.closed = true))
  socket.write(greeting)
  if (greeting === handshake) {
    await expect.poll(() => peer.received.includes('\r\n\r\n')).toBe(true)
    peer.received = Buffer.alloc(0)
  }
  return peer
}

/** The code of the close frame that has come; undefined while there is none. */
function closeCode({ received }: Peer): number | undefined {
  for (let at = 0; at + 2 <= received.length;) {
    const length = received[at + 1]!
    if (received[at] === 0x88) return received.readUInt16BE(at + 2)
    at += 2 + length
  }
  return undefined
}

describe('a peer', () => {
  const ping = encodeClientFrame({ kind: 'ping', token: 1 })

  test.each([
    ['that sends a compressed frame', () => frame(BINARY, ping, 0xc0), 1002],
    ['that does not mask', () => Buffer.from([0x82, ping.length, ...ping]), 1002],
    ['that sends an unknown opcode', () => frame(3, ping), 1002],
    ['that goes on with what it has not begun', () => frame(CONTINUATION, ping), 1002],
    ['that sends a message over 4,096 bytes', () => frame(BINARY, Buffer.alloc(4097)), 1009],
    [
      'that announces a message of 2^40 bytes',
      () => Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      1009,
    ],
    [
      'that sends a message in more than four fragments',
      () =>
        Buffer.concat([
          frame(BINARY, ping, 0),
          ...Array.from({ length: 5 }, () => frame(CONTINUATION, new Uint8Array(1), 0)),
        ]),
      1008,
    ],
    ['that sends text', () => frame(1, Buffer.from('{}')), 4002],
  ])('%s is closed', async (_title, bytes, code) => {
    const peer = await open()
    peer.socket.write(bytes())
    await expect.poll(() => closeCode(peer)).toBe(code)
  })

  test('that sends WebSocket pings without end is closed', async () => {
    const peer = await open()
    // Few at a time: `ws` cuts a peer that does not wait for its pongs.
    const pings = Buffer.concat(Array.from({ length: 30 }, () => frame(PING, ping)))
    for (let i = 0; i < 20 && !peer.closed; i++) {
      peer.socket.write(pings)
      await pause(10)
    }
    await expect.poll(() => closeCode(peer)).toBe(4004)
  })

  test('that goes on sending after it was closed is cut at once', async () => {
    const [silent, peer] = [await open(), await open()]
    for (const one of [silent, peer]) {
      one.socket.write(frame(BINARY, Buffer.from([0xff])))
      await expect.poll(() => closeCode(one)).toBe(4001)
    }
    peer.socket.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(BINARY, ping))))
    await expect.poll(() => peer.closed).toBe(true)
    // A peer that only does not answer the close has two seconds.
    expect(silent.closed).toBe(false)
  })

  test('that never ends its request is cut after seconds, and bars nobody meanwhile', async () => {
    const slow = await Promise.all(
      Array.from({ length: 300 }, () => open('GET /zone HTTP/1.1\r\nX-Slow: ')),
    )
    const dripping = setInterval(() => {
      for (const { socket } of slow) socket.write('a')
    }, 500)
    await stage.join('ann')
    await expect.poll(() => slow.every(({ closed }) => closed), { timeout: 8000 }).toBe(true)
    clearInterval(dripping)
  })
})

test('the next of 256 silent sockets takes the place of the oldest; who is joining stays', async () => {
  let answer = () => {}
  stage.persistence.claimGate = new Promise((resolve) => (answer = resolve))
  const joining = await stage.connect()
  joining.send({ kind: 'join', ticket: await stage.ticket('ann') })
  await expect.poll(() => stage.persistence.calls.claim).toBe(1)
  const silent = []
  for (let i = 0; i < 255; i++) silent.push(await stage.connect())
  const next = await stage.connect()
  expect(await silent[0]!.end()).toBe('timeout')
  expect(silent[1]!.closed).toBeUndefined()
  expect(next.closed).toBeUndefined()
  answer()
  await joining.welcome()
})

test('messages of every length come out as they went in', async () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]
  const transport = createWebSocketTransport({
    host: '127.0.0.1',
    port: 0,
    admits: () => true,
    monotonic: () => performance.now(),
  })
  const reused = new Uint8Array(100_000)
  const port = await transport.listen((connection) => {
    for (const length of lengths) {
      reused.fill(length % 251)
      connection.send(reused.subarray(0, length))
    }
    connection.close('left')
    connection.send(reused)
    return { frame() {}, closed() {} }
  })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/zone`)
  const messages: Buffer[] = []
  socket.on('message', (data: Buffer) => messages.push(data))
  const [code] = (await once(socket, 'close')) as [number]
  expect(code).toBe(4000)
  expect(messages.map(({ length }) => length)).toEqual(lengths)
  for (const message of messages) {
    expect(message.every((byte) => byte === message.length % 251)).toBe(true)
  }
  expect(transport.traffic().frames.sent).toBe(lengths.length)
  await transport.close()
})

test('what a socket leaves unread is counted as its backlog', async () => {
  let backlog = 0
  const transport = createWebSocketTransport({
    host: '127.0.0.1',
    port: 0,
    admits: () => true,
    monotonic: () => performance.now(),
  })
  const port = await transport.listen((connection) => {
    const chunk = new Uint8Array(64 * 1024)
    // More than the system's own buffers of both ends hold.
    for (let i = 0; i < 400; i++) connection.send(chunk)
    backlog = connection.backlogBytes
    return { frame() {}, closed() {} }
  })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/zone`)
  socket.on('error', () => undefined)
  await once(socket, 'open')
  socket.pause()
  await pause(50)
  expect(backlog).toBeGreaterThan(10 * 1024 * 1024)
  socket.terminate()
  await transport.close()
})

/** A transport alone on a free port. Every socket that it opens stays and is silent. */
async function listen(options: { origins?: string[]; connectionsMax?: number } = {}) {
  const transport = createWebSocketTransport({
    host: '127.0.0.1',
    port: 0,
    admits: () => true,
    monotonic: () => performance.now(),
    ...options,
  })
  const port = await transport.listen(() => ({ frame() {}, closed() {} }))
  return { transport, port }
}

async function upgrade(port: number, headers: Record<string, string>, protocols: string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/zone`, protocols, { headers })
  return await new Promise<string>((resolve) => {
    socket.on('open', () => {
      resolve(`open ${socket.protocol}`.trim())
      socket.terminate()
    })
    socket.on('error', (error) => resolve(error.message))
  })
}

describe('a page', () => {
  const refused = 'Unexpected server response: 403'
  test.each([
    ['of no browser', undefined, 'open'],
    ['of the same machine', 'http://127.0.0.1:8080', 'open'],
    ['of the same machine by another name', 'http://localhost:8080', 'open'],
    ['that is listed', 'https://play.example', 'open'],
    ['of another origin', 'https://evil.example', refused],
    ['of a listed name and another scheme', 'http://play.example', refused],
    ['of a name that begins like a listed one', 'https://play.example.evil.example', refused],
    ['without an origin of its own', 'null', refused],
  ])('%s', async (_title, origin, outcome) => {
    const { transport, port } = await listen({ origins: ['https://play.example'] })
    expect(await upgrade(port, origin === undefined ? {} : { origin })).toBe(outcome)
    await transport.close()
  })

  test('of any origin may come when all are allowed', async () => {
    const { transport, port } = await listen({ origins: ['*'] })
    expect(await upgrade(port, { origin: 'https://evil.example' })).toBe('open')
    await transport.close()
  })

  test('under the name of a host comes in to that name alone', async () => {
    const { transport, port } = await listen()
    const headers = { host: 'zone.example:7001', origin: 'https://zone.example' }
    expect(await upgrade(port, headers)).toBe('open')
    expect(await upgrade(port, { ...headers, origin: 'https://a.example' })).toBe(refused)
    await transport.close()
  })
})

test('a subprotocol that a client offers is not chosen', async () => {
  const { transport, port } = await listen()
  const answer = await upgrade(port, {}, ['v1.waystone', 'chat'])
  expect(answer).toBe('Server sent no subprotocol')
  await transport.close()
})

test('a connection beyond the most is not taken', async () => {
  const { transport, port } = await listen({ connectionsMax: 2 })
  const taken = [connectTcp(port, '127.0.0.1'), connectTcp(port, '127.0.0.1')]
  await Promise.all(taken.map((one) => once(one, 'connect')))
  const third = connectTcp(port, '127.0.0.1')
  third.on('error', () => undefined)
  await once(third, 'close')
  expect(taken.every((one) => !one.closed)).toBe(true)
  for (const one of taken) one.destroy()
  await transport.close()
})

test('a request without a Host header is answered', async () => {
  const peer = await open('GET / HTTP/1.1\r\n\r\n')
  await expect.poll(() => peer.received.toString()).toMatch(/^HTTP\/1.1 404 /)
})

test('a client that asks and does not read is cut', async () => {
  const peer = await open('')
  peer.socket.pause()
  const requests = 'GET /zone HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000)
  const asking = setInterval(() => peer.socket.write(requests), 20)
  await expect.poll(() => peer.closed || peer.socket.destroyed, { timeout: 9000 }).toBe(true)
  clearInterval(asking)
}, 10_000)
