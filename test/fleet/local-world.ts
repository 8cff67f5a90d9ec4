// The local fleet, with stand-ins for its processes, and a wire between it and those who ask, where in
// `npm start` there is a call of a function.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createGameServer } from '#local/agones/game-server.ts'
import { viewOf } from '#local/fleet/host-process.ts'
import type { HostProcess, HostProcessOptions } from '#local/fleet/host-process.ts'
import { startLocalFleet } from '#local/fleet/local-fleet.ts'
import { bootLabel, FleetError } from '#shared/fleet/fleet.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { silentLog as log } from '#shared/telemetry/log.ts'
import type { FleetWorld } from '../conformance/fleet.ts'
import { until } from '../local/until.ts'
import { createVirtualTime } from './virtual-time.ts'

const timeoutMs = 2000

export async function createLocalWorld(hosts: number, seed: number): Promise<FleetWorld> {
  const time = createVirtualTime(seed)
  const { runtime, random } = time
  // The record of the hosts is made durable for each of them, which takes a disk long.
  const dataDir = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fleet-'))
  const processes = new Map<string, HostProcess>()
  const options = {
    host: '127.0.0.1',
    env: {},
    markEnded: async () => await Promise.resolve(),
    runtime,
    log,
    startHost: async (host: HostProcessOptions) => {
      const process = startProcess(host)
      processes.set(host.name, process)
      return await Promise.resolve(process)
    },
  }
  const startFleet = async (zone: string, count: number) => {
    const own = path.join(dataDir, zone)
    mkdirSync(own)
    return await startLocalFleet({
      ...options,
      fleets: [{ zones: [zone], hosts: count }],
      dataDir: own,
    })
  }
  const started = await startFleet('hub', hosts)
  await until(async () => (await started.list()).length === hosts)
  const swamps: Awaited<ReturnType<typeof startFleet>>[] = []

  async function allocate(...[allocation]: Parameters<Fleet['allocate']>) {
    const fate = world.weather?.() ?? { kind: 'good' }
    await runtime.sleep(random() * 5)
    const ask = async () =>
      (await started.allocate(allocation)) ?? (await swamps[0]?.allocate(allocation))
    if (fate.kind === 'good') return await ask()
    if (fate.kind === 'lost') await ask()
    if (fate.kind === 'late') time.after(fate.ms, () => void ask())
    await runtime.sleep(timeoutMs)
    throw new FleetError('no answer', { unclear: true })
  }

  const world: FleetWorld = {
    time,
    timeoutMs,
    weather: undefined,
    stormy: false,
    open: () => ({ ...started, allocate }),
    taken: () =>
      [...processes.values()]
        .filter((one) => one.view().state === 'allocated')
        .map(({ name }) => name),
    addHost: (zone) => void startFleet(zone, 1).then((fleet) => swamps.push(fleet)),
    end: async (name) => await processes.get(name)!.end(0),
    close: async () => {
      await time.run(async () => {
        await Promise.all([started, ...swamps].map((fleet) => fleet.stop()))
      })
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return world
}

/** A host that is Ready at once, and ends when it is asked to. */
function startProcess({
  name,
  labels,
  address,
  port,
  health,
  runtime,
}: HostProcessOptions): HostProcess {
  const gameServer = createGameServer({
    name,
    labels: { ...labels, [bootLabel]: `boot-of-${name}` },
    address,
    ports: [{ name: 'zone', port }],
    ...(health === undefined ? {} : { health }),
    runtime,
    log,
  })
  gameServer.move('Ready')
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let over = false
  return {
    name,
    // No process of the machine has this pid and start.
    process: { pid: 2 ** 22 + 1, started: 'never' },
    gameServer,
    ended,
    hasEnded: () => over,
    view: () => viewOf(gameServer, over),
    restartSidecar: async () => await Promise.resolve(),
    end: async () => {
      over = true
      await Promise.resolve(resolve())
    },
  }
}
