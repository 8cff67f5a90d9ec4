// A process on GameLift, by the messages of its server SDK, and the fleet that allocates it, by the real client
// of AWS: both against stand-ins of GameLift's wire.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openGameLift } from '#functions/start/gamelift.ts'
import { connectGameLift } from '#gameserver/gamelift.ts'
import type { GameLiftOptions } from '#gameserver/gamelift.ts'
import { readConfig } from '#shared/config.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { createMemoryStore } from '#shared/store/memory.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { createFakeGameLift, startFakeGameLift } from '../fleet/fake-gamelift.ts'
import { startGameLiftSockets } from '../fleet/fake-gamelift-sockets.ts'
import { until } from '../local/until.ts'

let gameLift: ReturnType<typeof createFakeGameLift>
let api: Awaited<ReturnType<typeof startFakeGameLift>>
let sockets: Awaited<ReturnType<typeof startGameLiftSockets>>
let stopping: AbortController
let terminated: number
const opened: { close(): Promise<void> }[] = []

beforeEach(async () => {
  gameLift = createFakeGameLift({ pageSize: 2 })
  api = await startFakeGameLift(gameLift)
  sockets = await startGameLiftSockets(gameLift)
  stopping = new AbortController()
  terminated = 0
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_GAMELIFT: api.url,
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 'secret',
  })
})
afterEach(async () => {
  stopping.abort()
  await Promise.all(opened.splice(0).map((one) => one.close()))
  sockets.stop()
  api.stop()
  delete process.env['AWS_ENDPOINT_URL_GAMELIFT']
  expect(api.problems).toEqual([])
})

let pids = 0
const connect = (more: Partial<GameLiftOptions> = {}) =>
  connectGameLift({
    env: sockets.envOf('fleet-hub', `process-${pids++}`),
    port: 7777,
    log,
    runtime,
    onTerminate: () => terminated++,
    signal: stopping.signal,
    answerTimeoutMs: 2000,
    ...more,
  }).then((one) => {
    opened.push(one)
    return one
  })
const fleet = (store = createMemoryStore(), fleets = 'hub:fleet-hub') =>
  openGameLift({
    config: readConfig({ WAYSTONE_GAMELIFT_FLEETS: fleets }),
    store,
    runtime,
    log,
    awsOptions: { region: 'eu-central-1' },
  })
const asked = { requestId: 'main/hub/0', labels: { [zoneLabel]: 'hub' } }
const waits = (count = 1) => until(() => gameLift.processes.size === count)
const heard = (action: string) => sockets.heard.filter((one) => one.action === action)

it('waits for a game session, takes its boot id, and is the host that the fleet shows', async () => {
  const connecting = connect()
  await waits()
  expect(heard('ActivateServerProcess')[0]!.message).toMatchObject({ Port: 7777, LogPaths: [] })
  const directors = await fleet()
  const host = (await directors.allocate(asked))!
  const server = await connecting
  expect(server.bootId).toBe(host.bootId)
  expect(server.gameServer()).toMatchObject({
    name: host.name,
    state: 'Allocated',
    address: '127.0.0.1',
    ports: [{ port: 7777 }],
    labels: { [zoneLabel]: 'hub' },
  })
  await server.activate()
  expect(await directors.list()).toEqual([{ ...host, state: 'allocated' }])
})

it('drains when the fleet asks it to, and its game session ends with it', async () => {
  const connecting = connect()
  await waits()
  const directors = await fleet()
  const host = (await directors.allocate(asked))!
  const server = await connecting
  await server.activate()
  expect(await directors.drain(host.name)).toBe(true)
  await until(() => terminated === 1)
  await server.close()
  expect(heard('TerminateServerProcess')).toHaveLength(1)
  expect(await directors.drain(host.name), 'it has ended').toBe(false)
})

it('lists every page of sessions', async () => {
  const connecting = [connect(), connect(), connect(), connect(), connect()]
  await waits(5)
  const directors = await fleet()
  for (let i = 0; i < 5; i++) await directors.allocate({ ...asked, requestId: `need-${i}` })
  await Promise.all(connecting)
  expect(await directors.list()).toHaveLength(5)
})

it('gives a request a host of the fleet that the zone has now', async () => {
  const store = createMemoryStore()
  gameLift.aliases.set('alias-hub', 'fleet-next')
  const connecting = [connect(), connect({ env: sockets.envOf('fleet-next', `process-${pids++}`) })]
  await waits(2)
  const before = (await (await fleet(store)).allocate(asked))!
  const after = (await (await fleet(store, 'hub:alias-hub')).allocate(asked))!
  expect(after.name).not.toBe(before.name)
  expect((await (await fleet(store, 'hub:alias-hub')).allocate(asked))!.name).toBe(after.name)
  await Promise.all(connecting)
})

it('fails clearly when GameLift refuses, and has no host when no process waits', async () => {
  const directors = await fleet()
  expect(await directors.allocate(asked)).toBeUndefined()
  for (const code of ['AccessDeniedException', 'ThrottlingException', 'NotFoundException']) {
    gameLift.refusals.push(code)
    await expect(directors.allocate(asked)).rejects.toMatchObject({
      name: 'FleetError',
      unclear: false,
      message: `GameLift: create a game session: ${code}`,
    })
  }
  api.stop()
  await expect(directors.allocate(asked)).rejects.toMatchObject({ unclear: true })
})

it('says that it is well, and that it is not when the tick thread is silent', async () => {
  let now = 0
  const clock = { ...runtime, now: () => now }
  const connecting = connect({ runtime: clock, heartbeatMs: 20 })
  await until(() => heard('HeartbeatServerProcess').length > 1)
  await (await fleet()).allocate(asked)
  const server = await connecting
  server.health()
  now = 60_000
  const status = () => heard('HeartbeatServerProcess').at(-1)!.message['HealthStatus']
  await until(() => status() === false)
  server.health()
  await until(() => status() === true)
})

it('connects again when the connection ends, and anew when it is asked to', async () => {
  const connecting = connect()
  await waits()
  sockets.cut()
  await until(() => sockets.connections() === 2)
  sockets.refresh()
  await until(() => sockets.connections() === 3)
  await (await fleet()).allocate(asked)
  const server = await connecting
  await server.activate()
  expect([...gameLift.sessions.values()][0]!.Status).toBe('ACTIVE')
  expect(gameLift.processes.size, 'it is the same process').toBe(1)
})

it('fails when GameLift refuses the process, the environment lacks something, or it is to stop', async () => {
  sockets.refusals.set('ActivateServerProcess', 400)
  await expect(connect()).rejects.toThrow('400')
  await expect(connect({ env: {} })).rejects.toThrow('GAMELIFT_SDK_WEBSOCKET_URL')
  const waiting = connect()
  await waits()
  stopping.abort()
  await expect(waiting).rejects.toThrow('stops')
})
