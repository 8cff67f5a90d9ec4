// The social socket of a running `npm start` under 100,000 hostile frames by raw TCP: malformed in each part that a
// frame has, huge, halved, in floods, on sockets that come and go. A player beside them is served all the time, and
// nothing is left.
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { socialFrameMaxBytes } from '#shared/limits.ts'
import { socialPath } from '#shared/protocol/social-socket.ts'
import { newSession, realmId, until } from '../e2e/player.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'
import type { Waystone } from '../e2e/waystone.ts'

const frames = Number(process.env['SOCIAL_FRAMES'] ?? 100_000)
/** Before the first measurement: what the process keeps for good is there. */
const warmUp = 40_000
const socketsAtOnce = 48
/** By which the process may grow after that, MB. It stands at the same after 100,000 frames and after 400,000. */
const memorySlack = 200
/** What a player beside them may wait for, ms: four times what was seen on two cores that did other work. */
const waitMaxMs = 1500
/** As a rule. The server takes ten a second of a socket. */
const framesOfSound = 6
const framesOfBroken = 40
const params = { realmId }

let waystone: Waystone
let remove: () => Promise<void>
beforeAll(async () => {
  const folder = await makeDataDir()
  remove = folder.remove
  waystone = await startWaystone({ dataDir: folder.dataDir })
})
afterAll(async () => {
  await waystone?.killAll()
  await remove?.()
})

let state = 20_261_201
const chance = (most: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * most)
}
const oneOf = <T>(all: readonly T[]): T => all[chance(all.length)]!

type Shape = { last?: boolean; reserved?: number; masked?: boolean; length?: bigint }

/** As RFC 6455 has it. The mask is 0, so the payload goes as it is. */
function frameOf(opcode: number, payload: Buffer | string, shape: Shape = {}): Buffer {
  const { last = true, reserved = 0, masked = true } = shape
  const bytes = Buffer.from(payload)
  const length = shape.length ?? BigInt(bytes.length)
  const head = Buffer.alloc(2)
  head[0] = (last ? 0x80 : 0) | (reserved << 4) | opcode
  const more = Buffer.alloc(length < 126n ? 0 : length < 65_536n ? 2 : 8)
  if (more.length === 2) more.writeUInt16BE(Number(length))
  if (more.length === 8) more.writeBigUInt64BE(length)
  head[1] = (masked ? 0x80 : 0) | (length < 126n ? Number(length) : more.length === 2 ? 126 : 127)
  return Buffer.concat([head, more, Buffer.alloc(masked ? 4 : 0), bytes])
}

const [continued, text, binary, close, ping] = [0, 1, 2, 8, 9]
const tokens = [
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
  '1e99',
]
const noise = [...tokens, '\0', 'é', '"', 'null', '__proto__', '\ud83d\ude00']

/** Frames as they should be, with anything in them. `used`: a ticket that has opened a socket. */
function soundFrame(used: string): Buffer {
  const hostile = [
    () => JSON.stringify({ hello: used, listen: ['global'] }),
    () => JSON.stringify({ hello: `${used.slice(0, chance(used.length))}x` }),
    () => JSON.stringify({ listen: ['global', 'zone:hub'].slice(chance(3)) }),
    () => JSON.stringify({ listen: ['guild:x'] }),
    () => JSON.stringify({ ping: oneOf([1, 1, 1, -1, 1e300, 0.5, '1']) }),
    () => '['.repeat(chance(socialFrameMaxBytes)),
    () => '{"a":'.repeat(200) + '1' + '}'.repeat(chance(400)),
    () => Array.from({ length: chance(30) }, () => oneOf(noise)).join(''),
  ]
  return frameOf(text, oneOf(hostile)())
}

/** Frames that are wrong in one of their parts, or too large, and sound ones among them. */
function brokenFrame(used: string): Buffer {
  const hostile = [
    () => frameOf(text, Buffer.from([0x22, 0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80, 0x22])),
    () => frameOf(binary, Buffer.alloc(chance(500), 7)),
    () => frameOf(text, 'x'.repeat(socialFrameMaxBytes + 1 + chance(60_000))),
    () => frameOf(text, 'x', { length: oneOf([2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) }),
    () => frameOf(text, '{"ping":1}', { masked: false }),
    () => frameOf(oneOf([3, 7, 11, 15]), 'x'),
    () => frameOf(text, '{"ping":1}', { reserved: 1 + chance(7) }),
    () => frameOf(text, '{"pi', { last: false }),
    () => frameOf(continued, 'ng":1}', { last: chance(2) === 0 }),
    () => frameOf(ping, Buffer.alloc(chance(200))),
    () => frameOf(close, oneOf(['', '\x03', '\x03\xe8', '\0\0', '\x07\xd0bye'])),
  ]
  return chance(2) === 0 ? soundFrame(used) : oneOf(hostile)()
}

function hostileHead(): string {
  const key = chance(30) === 0 ? 'x' : 'dGhlIHNhbXBsZSBub25jZQ=='
  const version = chance(30) === 0 ? 99 : 13
  const path = chance(30) === 0 ? oneOf(['/v1/other', '/', `${socialPath}/../x`]) : socialPath
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    `Upgrade: ${chance(30) === 0 ? oneOf(['h2c', '']) : 'websocket'}`,
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${version}`,
    '\r\n',
  ].join('\r\n')
}

/** Opens a socket, sends frames and leaves in one of the ways that there are. Resolves to what came back. */
async function attack(all: readonly Buffer[], stays = false): Promise<string> {
  const socket: Socket = connect(waystone.port, '127.0.0.1')
  // The other end may cut it at any time.
  socket.on('error', () => undefined)
  let got = ''
  socket.setEncoding('latin1').on('data', (more: string) => (got += more))
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()))
  const [head, bytes] = [hostileHead(), Buffer.concat(all)]
  // Frames come with the request, after the answer, or in halves.
  const cut = oneOf([0, bytes.length, chance(bytes.length)])
  socket.write(Buffer.concat([Buffer.from(head), bytes.subarray(0, cut)]))
  await Promise.race([answered, ended])
  if (cut < bytes.length) {
    await new Promise<void>((resolve) => {
      const rest = bytes.subarray(
        cut,
        chance(4) === 0 ? cut + chance(bytes.length - cut) : undefined,
      )
      socket.write(rest, () => resolve())
    })
  }
  // Some stay until they are turned out.
  const leaves = stays ? 0 : chance(8)
  if (leaves > 4) socket.destroy()
  else if (leaves > 0) socket.end()
  const late = setTimeout(() => socket.destroy(), 2000)
  await ended
  clearTimeout(late)
  return got
}

/** Attacks with so many frames. `ticket`: gives one that is good, once. */
async function attackWith(count: number, used: string, ticket: () => Promise<string>) {
  const [answers, withTicket] = [[] as string[], [] as string[]]
  let left = count
  const one = async () => {
    while (left > 0) {
      const sound = chance(2) === 0
      const size = Math.min(left, 1 + chance(sound ? 2 * framesOfSound : 2 * framesOfBroken))
      left -= size
      const all = Array.from({ length: size }, () => (sound ? soundFrame : brokenFrame)(used))
      if (chance(10) > 0) answers.push(await attack(all))
      else {
        const hello = frameOf(text, JSON.stringify({ hello: await ticket() }))
        withTicket.push(await attack([hello, ...all], true))
      }
    }
  }
  await Promise.all(Array.from({ length: socketsAtOnce }, one))
  return { answers, withTicket }
}

/** Resident memory of the process that serves, MB, and how many files and sockets it has open. */
function measure() {
  const of = `/proc/${waystone.child.pid}`
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`${of}/status`, 'utf8'))!
  return { memory: Number(kilobytes) / 1024, open: readdirSync(`${of}/fd`).length }
}

async function guest() {
  const session = newSession(waystone.url)
  const { accountId } = await session.guest()
  return { session, accountId, api: session.inRealm(realmId).api({}) }
}

/** A player at his social socket, who asks now and then whether it is there. */
async function player() {
  const { api } = await guest()
  const { characterId, name } = await api.characters.create({
    params,
    body: { name: 'Mira Vale', race: 'human', job: 'mage' },
  })
  const { address, ticket } = await api.social.ticket({ params })
  const socket = new WebSocket(address)
  const got: { kind: string; ping?: number }[] = []
  const waits: number[] = []
  let asked = 0
  let askedAt = 0
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as (typeof got)[number]
    if (message.kind === 'pong') waits.push(performance.now() - askedAt)
    else got.push(message)
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ hello: ticket }))
  const timer = setInterval(() => {
    // One at a time.
    if (waits.length < asked) return
    askedAt = performance.now()
    socket.send(JSON.stringify({ ping: ++asked }))
  }, 200)
  await until('he is there', () => got.some(({ kind }) => kind === 'ready'))
  return { socket, got, waits, ticket, characterId, name, stop: () => clearInterval(timer) }
}

describe('the social socket', () => {
  it('takes 100,000 hostile frames, serves others beside them, and keeps nothing', async () => {
    const mira = await player()
    const thieves = await Promise.all(Array.from({ length: 8 }, guest))
    const ticket = async () => (await oneOf(thieves).api.social.ticket({ params })).ticket
    const idle = measure()
    const first = await attackWith(warmUp, mira.ticket, ticket)
    const before = measure()
    const from = performance.now()
    const later = await attackWith(frames - warmUp, mira.ticket, ticket)
    const seconds = (performance.now() - from) / 1000
    const after = measure()
    const withoutTicket = [...first.answers, ...later.answers]
    const withTicket = [...first.withTicket, ...later.withTicket]
    const answers = [...withoutTicket, ...withTicket]
    const statuses = countOf(answers, /^HTTP\/1\.1 (\d+)/g)
    const longest = Math.max(...mira.waits)
    console.log(
      `${frames} frames on ${answers.length} sockets, the later part in ${seconds.toFixed(1)} s; ` +
        `answers ${JSON.stringify(statuses)}; closed ${JSON.stringify(countOf(answers, /"reason":"([^"]+)"/g))}; ` +
        `${mira.waits.length} pings beside them, ${longest.toFixed(0)} ms at most; ` +
        `memory ${idle.memory.toFixed(0)}, ${before.memory.toFixed(0)}, ${after.memory.toFixed(0)} MB`,
    )
    expect(Object.keys(statuses).filter((status) => status.startsWith('5'))).toEqual([])
    expect(statuses['101']).toBeGreaterThan(answers.length / 2)
    // A ticket is used once, whatever is sent.
    expect(withoutTicket.filter((got) => got.includes('"ready"'))).toEqual([])
    expect(withTicket.some((got) => got.includes('"ready"'))).toBe(true)
    expect(mira.waits.length).toBeGreaterThan(5)
    expect(longest).toBeLessThan(waitMaxMs)
    expect(mira.got).toEqual([{ kind: 'ready' }])

    const other = await guest()
    const { characterId: as } = await other.api.characters.create({
      params,
      body: { name: 'Bram Oak', race: 'human', job: 'mage' },
    })
    await other.api.friends.ask({ params, body: { as, name: mira.name } })
    await until('she is told', () => mira.got.length > 1)
    mira.stop()
    expect(mira.got[1]).toEqual({ kind: 'notified', of: 'mailbox' })
    mira.socket.close()

    expect(after.memory - before.memory).toBeLessThan(memorySlack)
    // Connections to its own parts stay.
    await until('their sockets are gone', () => measure().open < idle.open + 50)
    expect(waystone.child.exitCode).toBeNull()
    expect(waystone.output()).not.toMatch(/^error: /m)
  })
})

/** How often each text is found. */
function countOf(all: readonly string[], pattern: RegExp): Record<string, number> {
  const found = all.flatMap((text) => [...text.matchAll(pattern)].map(([, one]) => one!))
  return Object.fromEntries(
    [...Map.groupBy(found, (one) => one)].map(([one, { length }]) => [one, length]),
  )
}
