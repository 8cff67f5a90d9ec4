import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startLocalFleet } from '#local/fleet/local-fleet.ts'
import type { LocalFleet, LocalFleetOptions } from '#local/fleet/local-fleet.ts'
import { identify } from '#local/process-identity.ts'
import { opensZone, FleetError, zoneLabel } from '#shared/fleet/fleet.ts'
import { systemRuntime as runtime } from '#shared/system.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import { until } from './until.ts'

const fakeHost = fileURLToPath(new URL('./fake-host.ts', import.meta.url))
let dataDir: string
let fleet: LocalFleet | undefined
let ended: string[]

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'waystone-fleet-'))
  ended = []
})
afterEach(async () => {
  await fleet?.stop()
  fleet = undefined
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(more: Partial<LocalFleetOptions> = {}, behaviour = 'good') {
  fleet = await startLocalFleet({
    host: '127.0.0.1',
    fleets: [{ zones: ['hub'], hosts: 1 }],
    env: { PATH: process.env['PATH'] ?? '', FAKE_HOST: behaviour },
    dataDir,
    markEnded: async (bootId) => void ended.push(bootId),
    runtime,
    log,
    program: ['--disallow-code-generation-from-strings', fakeHost],
    health: { initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 2 },
    queueMs: 40,
    graceMs: 2000,
    ...more,
  })
  return fleet
}

const hosts = async () => await fleet!.list()
const ready = async (count = 1) =>
  (await hosts()).filter(({ state }) => state === 'ready').length === count
const pidOf = (bootId: string) => Number(bootId.replace('boot-', ''))
const isGone = (bootId: string) => identify(pidOf(bootId)) === undefined
const recorded = () => (existsSync(join(dataDir, 'fleet.json')) ? readRecord() : [])
const readRecord = () =>
  (
    JSON.parse(readFileSync(join(dataDir, 'fleet.json'), 'utf8')) as {
      hosts: { bootId?: string }[]
    }
  ).hosts

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test('hosts of every zone become ready, each on a port of its own with a boot id', async () => {
  const forest = { zones: ['dark_forest'], hosts: 2 }
  await start({ fleets: [{ zones: ['hub'], hosts: 1 }, forest] })
  await until(() => ready(3))
  const all = await hosts()
  expect(new Set(all.map(({ port }) => port)).size).toBe(3)
  expect(all.map(({ labels }) => labels[zoneLabel]).sort()).toEqual([
    'dark_forest',
    'dark_forest',
    'hub',
  ])
  for (const { name, bootId, port } of all) {
    expect(name).toMatch(/^(hub|dark-forest)-[a-z2-9]{5}$/)
    expect(bootId).toMatch(/^boot-\d+$/)
    expect(await answers(port)).toBe(true)
  }
  expect(recorded().map(({ bootId }) => bootId)).toEqual(all.map(({ bootId }) => bootId))
})

test('an allocation repeated gives the same host, and none is given twice', async () => {
  await start({ fleets: [{ zones: ['hub'], hosts: 2 }] })
  await until(() => ready(2))
  const labels = { [zoneLabel]: 'hub' }
  const many = await Promise.all(
    Array.from({ length: 20 }, () => fleet!.allocate({ requestId: 'a', labels })),
  )
  const names = new Set(many.map((host) => host!.name))
  expect(names.size).toBe(1)
  expect(many[0]!.state).toBe('allocated')
  const other = await fleet!.allocate({ requestId: 'b', labels })
  expect(names).not.toContain(other!.name)
  expect(await fleet!.allocate({ requestId: 'c', labels })).toBeUndefined()
  expect(await fleet!.allocate({ requestId: 'a', labels: { [zoneLabel]: 'x' } })).toMatchObject({
    name: many[0]!.name,
  })
})

test('a host of several zones is given once for each of them, and opens all', async () => {
  await start({ fleets: [{ zones: ['forest', 'desert'], hosts: 1 }] })
  await until(() => ready())
  const ask = async (requestId: string, zone: string) =>
    await fleet!.allocate({ requestId, labels: { [zoneLabel]: zone } })
  expect(await ask('a', 'hub')).toBeUndefined()
  const [one] = await hosts()
  expect(opensZone(one!.labels, 'desert') && opensZone(one!.labels, 'forest')).toBe(true)
  expect(opensZone(one!.labels, 'for')).toBe(false)
  expect(await ask('b', 'desert')).toMatchObject({ name: one!.name, state: 'allocated' })
  expect(await ask('c', 'desert')).toBeUndefined()
  expect(await ask('d', 'forest')).toMatchObject({ name: one!.name })
  expect(await ask('e', 'forest')).toBeUndefined()
  expect(await ask('b', 'desert')).toMatchObject({ name: one!.name })
})

test('a host that has not reported its boot id is not allocated', async () => {
  await start({}, 'nameless')
  await until(() => ready())
  const labels = { [zoneLabel]: 'hub' }
  expect(await fleet!.allocate({ requestId: 'a', labels })).toBeUndefined()
})

test('a killed host is replaced, its lease marked, its request given another', async () => {
  await start()
  await until(() => ready())
  const labels = { [zoneLabel]: 'hub' }
  const first = (await fleet!.allocate({ requestId: 'a', labels }))!
  process.kill(pidOf(first.bootId!), 'SIGKILL')
  await until(() => ready())
  await until(() => ended.length === 1)
  expect(ended).toEqual([first.bootId])
  const second = (await fleet!.allocate({ requestId: 'a', labels }))!
  expect(second.bootId).not.toBe(first.bootId)
  expect(recorded().map(({ bootId }) => bootId)).toEqual([second.bootId])
})

test('the lease is not marked before the process has ended, however long it takes', async () => {
  await start({ graceMs: 700 }, 'stubborn')
  await until(() => ready())
  const { bootId } = (await hosts())[0]!
  process.kill(pidOf(bootId!), 'SIGTERM')
  const stopped = fleet!.stop()
  await runtime.sleep(300)
  expect(ended).toEqual([])
  expect(isGone(bootId!)).toBe(false)
  await stopped
  expect(ended).toEqual([bootId])
  expect(isGone(bootId!)).toBe(true)
})

test('a lease that cannot be marked is tried again until it can', async () => {
  let failures = 3
  await start({
    markEnded: async (bootId) => {
      if (failures-- > 0) throw new Error('the store is gone')
      ended.push(bootId)
    },
  })
  await until(() => ready())
  const { bootId } = (await hosts())[0]!
  process.kill(pidOf(bootId!), 'SIGKILL')
  await until(() => ended.length === 1)
  expect(ended).toEqual([bootId])
})

test('while hosts cannot be written down none is left running beside its successor', async () => {
  await start()
  await until(() => ready())
  const [first] = await hosts()
  // As on a full disk: no file can take the place of a folder.
  rmSync(join(dataDir, 'fleet.json'))
  mkdirSync(join(dataDir, 'fleet.json', 'full'), { recursive: true })
  process.kill(pidOf(first!.bootId!), 'SIGKILL')
  let most = 0
  const endAt = runtime.now() + 3000
  while (runtime.now() < endAt) {
    most = Math.max(most, (await hosts()).length)
    await runtime.sleep(20)
  }
  expect(most).toBe(1)
  expect(readdirSync(dataDir).filter((file) => file.endsWith('.tmp'))).toEqual([])
  rmSync(join(dataDir, 'fleet.json'), { recursive: true })
  await until(() => ready())
  expect(await hosts()).toHaveLength(1)
})

test('a host that cannot be started leaves no sidecar behind', async () => {
  const listeners = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length
  // Those of the test before may still be closing.
  await until(() => listeners() === 0)
  // Logs have no folder.
  writeFileSync(join(dataDir, 'logs'), '')
  await start()
  await runtime.sleep(1000)
  // The next try may be under way.
  await until(() => listeners() === 0)
})

test('a host that stops pinging is unhealthy: it is replaced and ended', async () => {
  await start({}, 'silent')
  await until(() => ready())
  const { bootId } = (await hosts())[0]!
  await until(() => ended.includes(bootId!))
  await until(async () => (await hosts()).some((host) => host.bootId !== bootId))
  expect(isGone(bootId!)).toBe(true)
})

test('a host that asks to be shut down gets SIGTERM and a successor', async () => {
  await start({}, 'leaves')
  await until(() => ready())
  const { bootId } = (await hosts())[0]!
  await until(() => ended.includes(bootId!))
  await until(() => ready())
})

test('hosts that die at once are started again with growing pauses', async () => {
  await start({}, 'dies')
  await runtime.sleep(1500)
  const started = readdirSync(join(dataDir, 'logs')).length
  expect(started).toBeGreaterThanOrEqual(2)
  expect(started).toBeLessThanOrEqual(5)
})

test('a host that was well for a while is replaced without a pause, however often', async () => {
  let skewMs = 0
  const pauses: number[] = []
  const watched: typeof runtime = {
    ...runtime,
    now: () => runtime.now() + skewMs,
    sleep: async (ms, signal) => {
      pauses.push(ms)
      await runtime.sleep(ms, signal)
    },
  }
  await start({ runtime: watched })
  for (let deaths = 0; deaths < 3; deaths++) {
    await until(() => ready())
    const { bootId } = (await hosts())[0]!
    skewMs += 6000
    process.kill(pidOf(bootId!), 'SIGKILL')
    await until(() => ended.length === deaths + 1)
  }
  await until(() => ready())
  expect(pauses.filter((ms) => [200, 400, 800].includes(ms))).toEqual([])
})

test('hosts outlive a crash of their sidecars', async () => {
  await start()
  await until(() => ready())
  const [before] = await hosts()
  await fleet!.restartSidecars(300)
  // Without new pings the restarted sidecar would call it unhealthy after 3 s.
  await runtime.sleep(4500)
  expect(await hosts()).toEqual([before])
})

test('stop ends every host, marks every lease and leaves nothing in the record', async () => {
  await start({ fleets: [{ zones: ['hub'], hosts: 2 }] })
  await until(() => ready(2))
  const boots = (await hosts()).map(({ bootId }) => bootId!)
  await fleet!.stop()
  expect(boots.every(isGone)).toBe(true)
  expect(ended.sort()).toEqual(boots.sort())
  expect(recorded()).toEqual([])
  await expect(fleet!.allocate({ requestId: 'a', labels: {} })).rejects.toThrow('stopped')
})

test('the next start ends hosts that survived their fleet and marks their leases', async () => {
  const orphan = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  const gone = spawn('true', { stdio: 'ignore' })
  await new Promise((resolve) => gone.on('exit', resolve))
  const entries = [
    { name: 'hub-aaaaa', process: identify(orphan.pid!), bootId: 'survivor' },
    { name: 'hub-bbbbb', process: { pid: gone.pid, started: 'long ago' }, bootId: 'dead' },
    // The same pid as this test's own process, but another start: it must be left alone.
    { name: 'hub-ccccc', process: { pid: process.pid, started: 'long ago' }, bootId: 'reused' },
    { name: 'hub-ddddd', process: { pid: gone.pid, started: 'long ago' } },
  ]
  writeFileSync(join(dataDir, 'fleet.json'), JSON.stringify({ v: 1, hosts: entries }))
  await start({ fleets: [] })
  expect(identify(orphan.pid!)).toBeUndefined()
  expect(ended.sort()).toEqual(['dead', 'reused', 'survivor'])
  expect(recorded()).toEqual([])
})

test('leases that could not be marked are still on record for the next start', async () => {
  const entry = { name: 'hub-aaaaa', process: { pid: 1, started: 'long ago' }, bootId: 'b' }
  writeFileSync(join(dataDir, 'fleet.json'), JSON.stringify({ v: 1, hosts: [entry] }))
  const refuse = () => Promise.reject(new Error('the store is gone'))
  await start({ fleets: [], markEnded: refuse })
  await fleet!.stop()
  expect(recorded()).toEqual([entry])
})

test('a damaged record is refused with the file and the cure', async () => {
  writeFileSync(join(dataDir, 'fleet.json'), '{"v":1,')
  await expect(start()).rejects.toThrow(/fleet\.json is damaged: .* delete the file/)
})

test('a fleet that stops refuses an allocation as a fleet that is gone, not with a defect', async () => {
  await start()
  await until(() => ready())
  const stopped = fleet!.stop()
  const asked = fleet!.allocate({ requestId: 'late', labels: { [zoneLabel]: 'hub' } })
  await expect(asked).rejects.toBeInstanceOf(FleetError)
  await stopped
})

test('hosts listen on an IPv6 address too', async () => {
  await start({ host: '::1' })
  await until(() => ready())
  const [host] = await hosts()
  expect(host).toMatchObject({ address: '::1' })
})
