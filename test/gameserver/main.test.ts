// The process of a zone host ends cleanly at SIGTERM, also in the middle of its start.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GameLiftClient } from '@aws-sdk/client-gamelift'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGameServer } from '#local/agones/game-server.ts'
import { startSidecar } from '#local/agones/sidecar.ts'
import { compiledCode } from '#local/compiled-code.ts'
import { startDynamo } from '#local/dynamodb.ts'
import type { EmbeddedDynamo } from '#local/dynamodb.ts'
import { freePort } from '#local/fleet/free-port.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { createGameLiftFleet } from '#shared/fleet/gamelift.ts'
import { findInstances } from '#shared/ownership/card.ts'
import { readLease } from '#shared/ownership/lease.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { createFakeGameLift, startFakeGameLift } from '../fleet/fake-gamelift.ts'
import { startGameLiftSockets } from '../fleet/fake-gamelift-sockets.ts'
import { until } from '../local/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'waystone-main-'))
let dynamo: EmbeddedDynamo
beforeAll(async () => {
  dynamo = await startDynamo({ file: join(folder, 'db'), tablePrefix: 'waystone-', runtime })
})
afterAll(async () => {
  await dynamo.stop()
  rmSync(folder, { recursive: true })
})

/** Starts a host, sends SIGTERM at the line that `at` finds; returns how it ended. */
async function run(own: Record<string, string>, at: (line: string) => boolean) {
  const child = spawn(process.execPath, ['gameserver/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: compiledCode,
      WAYSTONE_LOG: 'debug',
      WAYSTONE_ZONES: 'hub',
      WAYSTONE_DYNAMODB_URL: dynamo.endpoint,
      ...own,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    },
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const begun: string[] = []
  const undone: string[] = []
  const said: string[] = []
  let toldAt = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { msg, message = msg, step } = JSON.parse(line) as Record<string, string>
    said.push(message!)
    if (message === 'starting') begun.push(step!)
    if (message === 'undoing') undone.push(step!)
    if (toldAt > 0 || !at(line)) return
    toldAt = performance.now()
    child.kill('SIGTERM')
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const code = await ended
  return { code, errors, begun, undone, said, tookMs: performance.now() - toldAt }
}

const steps = ['content', 'platform', 'worker', 'lease', 'host', 'ready']

test.each([...steps, 'nothing any more'])(
  'SIGTERM while it starts %s undoes all that was started, in reverse',
  async (step) => {
    const gameServer = createGameServer({
      name: 'hub-a',
      labels: {},
      address: '127.0.0.1',
      ports: [{ name: 'default', port: 0 }],
      runtime,
      log,
    })
    const sidecar = await startSidecar({ gameServer, queueMs: 20, runtime, log })
    const at = (line: string) =>
      step === 'nothing any more' ? line.includes('"ready"') : line.includes(`"${step}"`)
    const { code, errors, begun, undone, said } = await run(
      { AGONES_SDK_GRPC_PORT: String(sidecar.port) },
      at,
    )
    sidecar.stop()
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(said).toContain('stopped')
    const reached = step === 'nothing any more' ? steps : steps.slice(0, steps.indexOf(step) + 1)
    // It may have gone on while the signal was under way.
    expect(begun.slice(0, reached.length)).toEqual(reached)
    expect(undone).toEqual(begun.slice(1).toReversed())
  },
  20_000,
)

test('SIGTERM before a sidecar has answered ends the wait for it', async () => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await new Promise((listening) => silent.once('listening', listening))
  const { port } = silent.address() as AddressInfo
  const { code, errors, tookMs } = await run({ AGONES_SDK_GRPC_PORT: String(port) }, (line) =>
    line.includes('"platform"'),
  )
  silent.close()
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(tookMs).toBeLessThan(5000)
}, 20_000)

test('on GameLift a process is a host once the fleet has given it a game session, and ends when it is drained', async () => {
  const gameLift = createFakeGameLift()
  const api = await startFakeGameLift(gameLift)
  const sockets = await startGameLiftSockets(gameLift)
  const store = createDynamoStore({
    endpoint: dynamo.endpoint,
    region: 'local',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    tablePrefix: 'waystone-',
  })
  const client = new GameLiftClient({
    endpoint: api.url,
    region: 'local',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  })
  const fleets = new Map([['hub', 'fleet-hub']])
  const fleet = createGameLiftFleet({ client, fleets, store, runtime, log })
  const port = await freePort('127.0.0.1', new Set())
  const env = {
    ...sockets.envOf('fleet-hub', 'process-1'),
    WAYSTONE_PLATFORM: 'gamelift',
    WAYSTONE_ZONE_PORT: String(port),
  }
  const running = run(env, () => false)
  await until(() => gameLift.processes.size === 1)
  expect(await findInstances(store, 'local', 'hub'), 'it waits and is no host').toEqual([])

  const host = (await fleet.allocate({ requestId: 'need', labels: { [zoneLabel]: 'hub' } }))!
  const cards = () => findInstances(store, 'local', 'hub')
  await until(async () => (await cards()).some((card) => card.state === 'open'))
  expect(await cards()).toMatchObject([
    { bootId: host.bootId, zone: 'hub', address: `ws://127.0.0.1:${port}/zone` },
  ])
  expect([...gameLift.sessions.values()].map(({ Status }) => Status)).toEqual(['ACTIVE'])

  expect(await fleet.drain(host.name)).toBe(true)
  const { code, errors, undone } = await running
  expect({ code, errors, undone }).toEqual({
    code: 0,
    errors: '',
    undone: steps.slice(1).toReversed(),
  })
  expect(sockets.heard.at(-1)?.action).toBe('TerminateServerProcess')
  expect((await readLease(store, host.bootId!))?.ended).toBe(true)
  expect(api.problems).toEqual([])
  sockets.stop()
  api.stop()
  store.close()
  client.destroy()
}, 20_000)

test('without a platform a process takes players at once, on its port', async () => {
  const port = await freePort('127.0.0.1', new Set())
  const env = { WAYSTONE_PLATFORM: 'none', WAYSTONE_ZONE_PORT: String(port) }
  const { code, errors, said } = await run(env, (line) => line.includes('"open"'))
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(said).toContain('stopped')
  const refused = await run({ WAYSTONE_PLATFORM: 'none' }, () => false)
  expect(refused.errors).toContain('WAYSTONE_ZONE_PORT must be set')
}, 20_000)
