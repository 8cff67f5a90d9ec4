import { afterEach, expect, test } from 'vitest'
import { createServer } from 'node:net'
import { collected } from '../memory.ts'
import { connectAgones } from '#gameserver/agones.ts'
import type { Agones, AgonesOptions } from '#gameserver/agones.ts'
import type { GameServer } from '#gameserver/agones/game-server.ts'
import { createGameServer } from '#local/agones/game-server.ts'
import { startSidecar } from '#local/agones/sidecar.ts'
import type { Sidecar } from '#local/agones/sidecar.ts'
import type { Runtime } from '#shared/runtime.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { until } from '../local/until.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0).reverse()) close()
})

function gameServerObject(health = {}) {
  return createGameServer({
    name: 'hub-abcde',
    labels: { 'agones.dev/fleet': 'hub' },
    address: '127.0.0.1',
    ports: [{ name: 'zone', port: 7001 }],
    health,
    counters: { rooms: { count: 1, capacity: 10 } },
    runtime,
    log,
  })
}

/** How long a change lies in the queue of the sidecar. */
const queueMs = 40

async function sidecar(
  object = gameServerObject(),
  port = 0,
  clock: Pick<Runtime, 'now' | 'sleep'> = runtime,
): Promise<Sidecar> {
  const started = await startSidecar({ gameServer: object, port, queueMs, runtime: clock, log })
  opened.push(() => started.stop())
  return started
}

async function connect(port: number, more: Partial<AgonesOptions> = {}) {
  const seen: GameServer[] = []
  const before = process.env['AGONES_SDK_GRPC_PORT']
  process.env['AGONES_SDK_GRPC_PORT'] = String(port)
  try {
    const options = { log, runtime, onGameServer: (state: GameServer) => seen.push(state), ...more }
    const agones: Agones = await connectAgones(options)
    opened.push(() => agones.close())
    return { agones, seen, states: () => seen.map(({ state }) => state) }
  } finally {
    if (before === undefined) delete process.env['AGONES_SDK_GRPC_PORT']
    else process.env['AGONES_SDK_GRPC_PORT'] = before
  }
}

test('a host reads its object, becomes Ready through RequestReady and is seen with its label', async () => {
  const object = gameServerObject()
  const queue = Promise.withResolvers<void>()
  const sleep: Runtime['sleep'] = async (ms, signal) => {
    await (ms > queueMs ? runtime.sleep(ms, signal) : queue.promise)
  }
  const { port } = await sidecar(object, 0, { ...runtime, sleep })
  const { agones, states } = await connect(port)
  expect(agones.gameServer()).toMatchObject({
    name: 'hub-abcde',
    state: 'Scheduled',
    ports: [{ name: 'zone', port: 7001 }],
    labels: { 'agones.dev/fleet': 'hub' },
  })
  await agones.setLabel('waystone-boot', 'b1')
  expect(object.read().objectMeta.labels).toEqual({ 'agones.dev/fleet': 'hub' })
  await agones.ready()
  expect(object.read().status.state).toBe('Scheduled')
  queue.resolve()
  await until(() => states().at(-1) === 'Ready')
  expect(states()).toContain('RequestReady')
  expect(agones.gameServer().labels['agones.dev/sdk-waystone-boot']).toBe('b1')
  await agones.allocate()
  await until(() => agones.gameServer().state === 'Allocated')
  expect(agones.gameServer().annotations['agones.dev/last-allocated']).toBeDefined()
})

test('a host that runs before its place is written down waits for address and port', async () => {
  const object = gameServerObject()
  object.update(({ status }) => {
    status.state = 'Starting'
    status.ports = []
    status.address = ''
  })
  const { port } = await sidecar(object)
  const connecting = connect(port)
  await runtime.sleep(250)
  object.update(({ status }) => {
    status.state = 'Scheduled'
    status.ports = [{ name: 'zone', port: 7002 }]
    status.address = '10.0.0.7'
  })
  const { agones } = await connecting
  expect(agones.gameServer()).toMatchObject({ address: '10.0.0.7', ports: [{ port: 7002 }] })
})

test('a host whose place is never written down gives up by name', async () => {
  const object = gameServerObject()
  object.update(({ status }) => (status.state = 'Starting'))
  const { port } = await sidecar(object)
  await expect(connect(port, { connectTimeoutMs: 200 })).rejects.toThrow('still Starting')
})

test('after a restart of the sidecar pings and watch are back', async () => {
  const object = gameServerObject()
  const first = await sidecar(object)
  const { agones } = await connect(first.port)
  const pings = setInterval(() => agones.health(), 100)
  opened.push(() => clearInterval(pings))
  await until(() => first.pings() > 0)

  first.stop()
  await runtime.sleep(400)
  const second = await sidecar(object, first.port)
  await until(() => second.pings() > 1)
  object.update((draft) => (draft.objectMeta.labels['seen'] = 'again'))
  await until(() => agones.gameServer().labels['seen'] === 'again')
})

test('a restart with nobody pinging meanwhile breaks neither process nor pings', async () => {
  const first = await sidecar()
  const { agones } = await connect(first.port)
  agones.health()
  await until(() => first.pings() === 1)
  first.stop()
  await runtime.sleep(100)
  agones.health()
  agones.health()
  const second = await sidecar(gameServerObject(), first.port)
  await until(() => {
    agones.health()
    return second.pings() > 0
  })
})

test('a call made while the sidecar is away succeeds once it is back', async () => {
  const first = await sidecar()
  const { agones } = await connect(first.port)
  first.stop()
  const asked = agones.setLabel('late', 'yes')
  await runtime.sleep(300)
  const object = gameServerObject()
  await sidecar(object, first.port)
  await asked
  await until(() => object.read().objectMeta.labels['agones.dev/sdk-late'] === 'yes')
})

test('a call fails with a clear error when the sidecar stays away', async () => {
  const first = await sidecar()
  const { agones } = await connect(first.port, { callsTimeoutMs: 300 })
  first.stop()
  await expect(agones.ready()).rejects.toThrow(/sidecar on localhost:\d+ did not take "ready"/)
})

test('without a sidecar the connection is tried until its limit, then fails with a clear error', async () => {
  const tries = await connect(1, { connectTimeoutMs: 500 }).catch((error: unknown) => error)
  expect(tries).toMatchObject({ name: 'AgonesError', message: /localhost:1 did not take/ })
})

test('a sidecar that takes the connection and never answers runs into the deadline', async () => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  opened.push(() => silent.close())
  await until(() => silent.listening)
  const { port } = silent.address() as { port: number }
  const waits = connect(port, { connectTimeoutMs: 300, callTimeoutMs: 200 })
  await expect(waits).rejects.toThrow(/did not take "get game server"/)
})

test('a sidecar that starts after the host is found', async () => {
  const probe = await sidecar()
  probe.stop()
  const waiting = connect(probe.port, { connectTimeoutMs: 5000 })
  await runtime.sleep(300)
  await sidecar(gameServerObject(), probe.port)
  expect((await waiting).agones.gameServer().name).toBe('hub-abcde')
})

test('a host that does not ping becomes Unhealthy, and no request brings it back', async () => {
  const object = gameServerObject({ initialDelaySeconds: 0, periodSeconds: 1, failureThreshold: 1 })
  const { port } = await sidecar(object)
  const { agones } = await connect(port)
  await agones.ready()
  await until(() => object.read().status.state === 'Unhealthy')
  await agones.ready()
  await runtime.sleep(150)
  expect(object.read().status.state).toBe('Unhealthy')
})

test('an http proxy in the environment does not stand between host and sidecar', async () => {
  const { port } = await sidecar()
  process.env['http_proxy'] = 'http://127.0.0.1:1'
  try {
    const { agones } = await connect(port, { connectTimeoutMs: 2000 })
    expect(agones.gameServer().name).toBe('hub-abcde')
  } finally {
    delete process.env['http_proxy']
  }
})

test('10,000 pings beside traffic all arrive, and leave no more memory than a constant', async () => {
  const { port, pings } = await sidecar()
  const { agones } = await connect(port)
  const ping = async (count: number) => {
    for (let i = 0; i < count; i++) {
      agones.health()
      // Other traffic takes from the buffer pool, so the next message lies in another slab.
      for (let bytes = 0; bytes < 65_536; bytes += 4096) Buffer.allocUnsafe(4096)
      if (i % 50 === 0) await new Promise(setImmediate)
    }
  }
  await ping(200)
  await until(() => pings() === 200)
  const before = (await collected()).arrayBuffers
  await ping(10_000)
  await until(() => pings() === 10_200)
  const grown = (await collected()).arrayBuffers - before
  expect(grown).toBeLessThan(4 * 1024 * 1024)
}, 30_000)

test('a wait for the sidecar ends when it is no longer wanted', async () => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  opened.push(() => silent.close())
  await until(() => silent.listening)
  const { port } = silent.address() as { port: number }
  const stop = new AbortController()
  const waits = connect(port, { signal: stop.signal })
  const began = performance.now()
  setTimeout(() => stop.abort(), 50)
  await expect(waits).rejects.toThrow(/did not take "get game server"/)
  expect(performance.now() - began).toBeLessThan(2000)
})
