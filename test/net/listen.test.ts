// HTTP servers on their port: a crowd at once, a busy port, a bound, an orderly end.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { listenOn } from '#shared/net/listen.ts'
import { freePort } from '../e2e/waystone.ts'

const host = '127.0.0.1'
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function open(connectionsMax = 1000) {
  const server = createServer((_request, response) => response.end('hello'))
  const port = await listenOn(server, { host, port: 0, connectionsMax })
  ends.push(async () => {
    server.closeAllConnections()
    await port.close()
  })
  return { server, ...port }
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, host)
  socket.on('error', () => undefined)
  ends.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Connects from another thread and tells by the first number of `told` how many have. */
const crowd = `
const { workerData: { port, host, count, told } } = require('node:worker_threads')
const { connect } = require('node:net')
for (let i = 0; i < count; i++) {
  connect(port, host, () => {
    Atomics.add(told, 0, 1)
    Atomics.notify(told, 0)
  })
}`

async function turnsToAccept(server: Server, port: number, count: number): Promise<number> {
  const told = new Int32Array(new SharedArrayBuffer(4))
  const accepted = new Set<Socket>()
  server.on('connection', (socket) => accepted.add(socket))
  const worker = new Worker(crowd, { eval: true, workerData: { port, host, count, told } })
  ends.push(() => worker.terminate())
  await once(worker, 'online')
  for (let now = 0; now < count; now = Atomics.load(told, 0)) Atomics.wait(told, 0, now)
  let turns = accepted.size
  while (accepted.size < count) {
    await setImmediate()
    turns++
  }
  return turns
}

const [major] = process.versions.node.split('.').map(Number)
const sharesPorts = process.platform === 'linux' && major! >= 23

it.runIf(sharesPorts)('a crowd that waits is taken in several at a time', async () => {
  const { server, port } = await open()
  expect(await turnsToAccept(server, port, 128)).toBeLessThan(64)
})

it('each connection is served, whichever listener took it', async () => {
  const { port } = await open()
  const answers = await Promise.all(
    Array.from({ length: 40 }, async () => (await fetch(`http://${host}:${port}`)).text()),
  )
  expect(new Set(answers)).toEqual(new Set(['hello']))
})

it('a port that is given is taken without a false start: nobody hears that the server has closed', async () => {
  const server = createServer((_request, response) => response.end('hello'))
  let closed = 0
  server.on('close', () => closed++)
  const { port, close } = await listenOn(server, {
    host,
    port: await freePort(),
    connectionsMax: 10,
  })
  expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('hello')
  expect(closed).toBe(0)
  await close()
  expect(closed).toBe(1)
})

it('a port that another server has is refused', async () => {
  const { port } = await open()
  const second = listenOn(createServer(), { host, port, connectionsMax: 10 })
  await expect(second).rejects.toThrow('EADDRINUSE')
})

it('connections beyond the bound are cut, of all listeners together', async () => {
  const { server, port } = await open(20)
  let cut = 0
  for (let i = 0; i < 30; i++) {
    const taken = once(server, 'connection')
    const socket = await client(port)
    socket.once('close', () => cut++)
    await taken
  }
  await expect.poll(() => cut).toBe(10)
})

it('the end waits for what is under way', async () => {
  const server = createServer()
  const { port, close } = await listenOn(server, { host, port: 0, connectionsMax: 100 })
  let taken = 0
  server.on('connection', () => taken++)
  const sockets = await Promise.all(Array.from({ length: 20 }, () => client(port)))
  await expect.poll(() => taken).toBe(20)
  let ended = false
  const closing = close().then(() => (ended = true))
  for (const socket of sockets.slice(1)) socket.destroy()
  await setImmediate()
  expect(ended).toBe(false)
  sockets[0]!.destroy()
  await closing
})
