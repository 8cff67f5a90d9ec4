// The fleet on one machine: it does with processes what Agones does with pods. Each zone, or group of zones, has its
// number of hosts. A host that ends, asks for its shutdown or is silent is replaced. A host gets what Agones gives it, a
// sidecar and SIGTERM, and nothing else.
//
// A lease is marked as ended only after its process has ended, for until then the process may write. Leases
// that are not marked yet are in fleet.json, so the next start marks them.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FleetError, bootLabel, carries, gameAnnotation, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Allocation, Fleet, FleetHost } from '#shared/fleet/fleet.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { GameServerOptions } from '../agones/game-server.ts'
import { compiledCode } from '../compiled-code.ts'
import { endAll, runs } from '../process-identity.ts'
import { freePort } from './free-port.ts'
import { startHostProcess } from './host-process.ts'
import type { HostProcess, HostProcessOptions } from './host-process.ts'
import { keepRunning } from './keep-running.ts'
import { createLeaseMarks } from './lease-marks.ts'
import type { LeaseMarks } from './lease-marks.ts'
import { openRunningHosts, recordOf } from './running-hosts.ts'
import type { RunningHosts } from './running-hosts.ts'

export type LocalFleetOptions = {
  /** Address on which hosts listen. */
  host: string
  /** The address for players; `host` by default. */
  address?: string
  /** A host opens an instance of each of its zones. */
  fleets: { zones: string[]; hosts: number }[]
  /** The whole environment of a host, beside what the fleet adds. */
  env: Record<string, string>
  dataDir: string
  /** Writes on the lease that the process has ended. Repeated until it succeeds, so idempotent. */
  markEnded: (bootId: string) => Promise<void>
  runtime: Runtime
  log: Log
  /** Ends the hosts when this process is killed. */
  guardian?: { add(pid: number): void; remove(pid: number): void }
  /** The program and options of Node; the zone host by default. */
  program?: string[]
  /** Default: a process with its sidecar. */
  startHost?: (options: HostProcessOptions) => Promise<HostProcess>
  health?: GameServerOptions['health']
  /** How long the sidecar keeps a change, ms. */
  queueMs?: number
  /** Time between SIGTERM and SIGKILL, ms: a host saves everybody in it. */
  graceMs?: number
}

export interface LocalFleet extends Fleet {
  /** Every sidecar crashes and is back after so long. Hosts must go on. */
  restartSidecars(awayMs: number): Promise<void>
  /** All hosts take over the code of the game as it is now. `version`: another one each time. */
  takeGame(version: string): void
  /** Ends all hosts, which save first. Each is replaced by one with the present code. */
  renew(): Promise<void>
  /** Ends all hosts, marks their leases, and resolves when none of them runs. Never fails. */
  stop(): Promise<void>
}

const zoneHost = [
  // msgpackr would compile readers from what a client sent (docs/protocol.md).
  '--disallow-code-generation-from-strings',
  fileURLToPath(new URL('../../gameserver/main.ts', import.meta.url)),
]

/**
 * Ends zone hosts that outlived the last run. They save while they end, so call it before their
 * database is replaced. Throws StartError when the record of the last run is damaged.
 */
export async function endLastRun(
  dataDir: string,
  runtime: Pick<Runtime, 'now' | 'sleep'>,
  log: Log,
  graceMs = 8000,
): Promise<void> {
  const hosts = openRunningHosts(recordOf(dataDir)).all()
  const left = hosts.map((host) => host.process).filter((each) => runs(each))
  if (left.length > 0) log.warn('ending zone hosts of the last run', { count: left.length })
  await endAll(left, graceMs, runtime)
}

/**
 * Ends what is left of the last run, then starts all hosts. Resolves before they are Ready.
 * Throws StartError when the record of the last run is damaged.
 */
export async function startLocalFleet(options: LocalFleetOptions): Promise<LocalFleet> {
  const { runtime, log } = options
  const graceMs = options.graceMs ?? 8000
  const running = openRunningHosts(recordOf(options.dataDir))
  const marks = createLeaseMarks({
    mark: options.markEnded,
    forget: (name) => running.remove(name),
    runtime,
    log,
  })
  await endLastRun(options.dataDir, runtime, log, graceMs)
  for (const { name, bootId } of running.all()) marks.ended(name, bootId)
  await marks.done()

  const stopping = new AbortController()
  const { signal } = stopping
  const hosts = new Set<HostProcess>()
  const requests: FleetCore['requests'] = new Map()
  const core: FleetCore = { options, graceMs, running, marks, hosts, requests, stopping: signal }
  const endAllHosts = () => Promise.all([...hosts].map((host) => host.end(graceMs)))
  const slots = options.fleets.flatMap(({ zones, hosts: count }) =>
    Array.from({ length: count }, () => {
      const zone = zones.join(', ')
      return keepRunning({
        zone,
        runOne: () => runOne(core, zones),
        stopping: signal,
        runtime,
        log,
      })
    }),
  )
  return {
    allocate: async (allocation) => allocate(core, allocation),
    list: async () => [...hosts].map((host) => host.view()),
    drain: async (name) => {
      const host = [...hosts].find((each) => each.name === name)
      if (host === undefined) return false
      log.info('zone host drained', { gameServer: name })
      void host.end(graceMs)
      return true
    },
    restartSidecars: async (awayMs) => {
      await Promise.all([...hosts].map((host) => host.restartSidecar(awayMs)))
    },
    takeGame: (version) => {
      for (const { gameServer } of hosts) {
        gameServer.update((draft) => {
          draft.objectMeta.annotations[gameAnnotation] = version
        })
      }
    },
    renew: async () => {
      await endAllHosts()
    },
    stop: async () => {
      stopping.abort()
      await endAllHosts()
      await Promise.all(slots)
      // This host was started while the others were ended.
      await endAllHosts()
      await marks.done()
      await marks.stop()
    },
  }
}

/** What the parts of a fleet share. */
type FleetCore = {
  options: LocalFleetOptions
  graceMs: number
  running: RunningHosts
  marks: LeaseMarks
  hosts: Set<HostProcess>
  /** Which host was given to which request, and for which zone. */
  requests: Map<string, { host: HostProcess; zone: string | undefined }>
  stopping: AbortSignal
}

function allocate(
  { options, hosts, requests, stopping }: FleetCore,
  { requestId, labels }: Allocation,
): FleetHost | undefined {
  if (stopping.aborted) throw new FleetError('the local fleet has stopped: it gives no host')
  const given = requests.get(requestId)?.host
  if (given?.view().state === 'allocated') return given.view()
  const { [zoneLabel]: zone } = labels
  const found = [...hosts].filter((each) => {
    const { bootId, labels: has } = each.view()
    return bootId !== undefined && carries(has, labels)
  })
  const inState = (state: FleetHost['state']) => found.filter((each) => each.view().state === state)
  // One of several zones is in play for all of them at once, and given once for each.
  const mayBeGiven = (each: HostProcess) =>
    zone !== undefined &&
    each.view().labels[zoneLabel] !== zone &&
    ![...requests.values()].some((one) => one.host === each && one.zone === zone)
  const inPlay = inState('allocated').find(mayBeGiven)
  const host = inPlay ?? inState('ready')[0]
  if (host === undefined) return undefined
  if (host !== inPlay && !host.gameServer.move('Allocated')) return undefined
  requests.set(requestId, { host, zone })
  options.log.info('zone host allocated', { gameServer: host.name, requestId })
  return host.view()
}

/**
 * Starts a host. Resolves when it needs a successor, which may be before its end, with the time at which it was
 * Ready, if ever.
 */
async function runOne(core: FleetCore, zones: readonly string[]): Promise<number | undefined> {
  const { options, hosts, graceMs } = core
  const taken = new Set([...hosts].map((host) => host.view().port))
  const port = await freePort(options.host, taken)
  if (core.stopping.aborted) return undefined
  const start = options.startHost ?? startHostProcess
  const host = await start(hostOptions(options, zones, port))
  hosts.add(host)
  options.guardian?.add(host.process.pid)

  const { leaving, seen } = watchHost(core, host)
  void host.ended.then(() => {
    hosts.delete(host)
    options.guardian?.remove(host.process.pid)
    for (const [requestId, of] of core.requests) {
      if (of.host === host) core.requests.delete(requestId)
    }
    core.marks.ended(host.name, seen.bootId)
  })
  await Promise.race([leaving, host.ended])
  if (!host.hasEnded()) {
    host.gameServer.update((draft) => {
      draft.objectMeta.deletionTimestamp = Math.floor(options.runtime.now() / 1000)
    })
    void host.end(graceMs)
  }
  return seen.readyAt
}

function hostOptions(
  options: LocalFleetOptions,
  zones: readonly string[],
  port: number,
): HostProcessOptions {
  const [zone] = zones as [string]
  const { host, dataDir, runtime, log } = options
  return {
    name: `${zone.replaceAll('_', '-')}-${randomSuffix(runtime)}`,
    labels: { 'agones.dev/fleet': zone, [zoneLabel]: zones.join('.') },
    host,
    port,
    address: options.address ?? host,
    program: options.program ?? zoneHost,
    env: {
      ...options.env,
      WAYSTONE_ZONES: zones.join(','),
      NODE_COMPILE_CACHE: compiledCode,
    },
    logFolder: join(dataDir, 'logs'),
    health: options.health,
    queueMs: options.queueMs,
    runtime,
    log,
  }
}

/** `leaving` resolves when the host wants to be shut down or is Unhealthy; `seen` is what it has reported. */
function watchHost({ options, running, graceMs }: FleetCore, host: HostProcess) {
  const { runtime, log } = options
  const seen: { bootId?: string; readyAt?: number } = {}
  const remember = () => {
    const { name, process } = host
    const { bootId } = seen
    try {
      running.put({ name, process, ...(bootId === undefined ? {} : { bootId }) })
    } catch (error) {
      // A host whose lease might never be marked must not admit a player.
      log.error('could not write down a zone host, ending it', { gameServer: host.name, error })
      void host.end(graceMs)
    }
  }
  remember()
  const leaving = new Promise<void>((resolve) => {
    host.gameServer.watch(({ objectMeta, status }) => {
      const bootId = objectMeta.labels[bootLabel]
      if (seen.bootId === undefined && bootId !== undefined) {
        seen.bootId = bootId
        remember()
      }
      if (status.state === 'Ready') seen.readyAt ??= runtime.now()
      if (status.state === 'Shutdown' || status.state === 'Unhealthy') resolve()
    })
  })
  return { leaving, seen }
}

/** Five signs without vowels and look-alikes, as Kubernetes makes them. */
function randomSuffix(runtime: Pick<Runtime, 'randomBytes'>): string {
  const signs = 'bcdfghjklmnpqrstvwxz2456789'
  return Array.from(runtime.randomBytes(5), (byte) => signs[byte % signs.length]).join('')
}
