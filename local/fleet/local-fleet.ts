// The fleet on one machine: what Agones does with pods, done with processes. Each zone has its number
// of hosts; one that ends, asks to be shut down or falls silent is replaced. What a host may rely on
// is what Agones gives it, its sidecar and SIGTERM, and nothing else.
//
// A lease is marked ended only when its process is seen to have ended, for until then it may still
// write. What is not yet marked stands in fleet.json, so the next start finishes it.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootLabel, zoneLabel } from '#shared/fleet/fleet.ts'
import type { Allocation, Fleet, FleetHost } from '#shared/fleet/fleet.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { GameServerOptions } from '../agones/game-server.ts'
import { endAll, runs } from '../process-identity.ts'
import { freePort } from './free-port.ts'
import { startHostProcess } from './host-process.ts'
import type { HostProcess } from './host-process.ts'
import { openRunningHosts } from './running-hosts.ts'

export type LocalFleetOptions = {
  /** Address on which hosts listen. */
  host: string
  /** What players use to reach them; `host` unless told. */
  address?: string
  fleets: { zone: string; hosts: number }[]
  /** The whole environment of a host, beside what the fleet adds. */
  env: Record<string, string>
  dataDir: string
  /** Writes on the lease that the process has ended. Repeated until it succeeds, so idempotent. */
  markEnded: (bootId: string) => Promise<void>
  runtime: Runtime
  log: Log
  /** Who ends the hosts should this process be killed. */
  guardian?: { add(pid: number): void; remove(pid: number): void }
  /** What Node runs, with its options; the zone host unless told. */
  program?: string[]
  health?: GameServerOptions['health']
  /** How long the sidecar keeps a change, ms. */
  queueMs?: number
  /** Time between SIGTERM and SIGKILL, ms: a host saves everybody in it. */
  graceMs?: number
}

export interface LocalFleet extends Fleet {
  /** Every sidecar crashes and is back after so long: hosts must not care. */
  restartSidecars(awayMs: number): Promise<void>
  /** Ends all hosts, which save first; each is replaced by one that runs the code of now. */
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
 * A host that died young is replaced after this, ms, doubled each time, up to the bound; any other at
 * once, for its players wait.
 */
const replaceMs = 200
const replaceMaxMs = 15_000
/** Who was Ready and lived this long after it did not die of how it was started. */
const steadyMs = 5000
/** How long start and stop wait for leases to be marked before they go on without. */
const markWaitMs = 1500

function recordOf(dataDir: string): string {
  return join(dataDir, 'fleet.json')
}

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
  const { runtime, log, guardian } = options
  const graceMs = options.graceMs ?? 8000
  const running = openRunningHosts(recordOf(options.dataDir))
  const hosts = new Set<HostProcess>()
  const requests = new Map<string, HostProcess>()
  const stopping = new AbortController()
  const marks = new Set<Promise<void>>()
  const stopMarks = new AbortController()

  await endLastRun(options.dataDir, runtime, log, graceMs)
  for (const { name, bootId } of running.all()) markEnded(name, bootId)
  await marksDone()

  /** Marks the lease of a process that has ended, now or as soon as the store takes it. */
  function markEnded(name: string, bootId: string | undefined): void {
    const mark = async () => {
      if (bootId !== undefined) await markLease(bootId)
      running.remove(name)
    }
    const task = mark().catch((error: unknown) => {
      if (!stopMarks.signal.aborted) log.error('a lease stays unmarked', { bootId, error })
    })
    marks.add(task)
    void task.then(() => marks.delete(task))
  }

  async function markLease(bootId: string): Promise<void> {
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2000)) {
      try {
        await options.markEnded(bootId)
        log.info('lease marked ended', { bootId })
        return
      } catch (error) {
        log.warn('could not mark a lease ended, trying again', { bootId, error })
        await runtime.sleep(waitMs, stopMarks.signal)
      }
    }
  }

  async function marksDone(): Promise<void> {
    const enough = new AbortController()
    const waited = runtime.sleep(markWaitMs, enough.signal).catch(() => {})
    await Promise.race([Promise.all(marks), waited])
    enough.abort()
  }

  /** Keeps one host of a zone alive until the fleet stops. */
  async function keep(zone: string): Promise<void> {
    for (let deaths = 0; !stopping.signal.aborted;) {
      let readyAt: number | undefined
      try {
        readyAt = await runOne(zone)
      } catch (error) {
        log.error('a zone host could not be started', { zone, error })
      }
      if (stopping.signal.aborted) return
      const steady = readyAt !== undefined && runtime.now() - readyAt > steadyMs
      deaths = steady ? 0 : deaths + 1
      if (steady) continue
      const waitMs = Math.min(replaceMs * 2 ** (deaths - 1), replaceMaxMs)
      if (deaths >= 3) log.error('zone hosts keep dying; their output is in logs/', { zone })
      await runtime.sleep(waitMs, stopping.signal).catch(() => {})
    }
  }

  /**
   * Starts a host and resolves when it needs a successor, which may be before it has ended; with when it
   * was Ready, if ever.
   */
  async function runOne(zone: string): Promise<number | undefined> {
    const taken = new Set([...hosts].map((host) => host.view().port))
    const port = await freePort(options.host, taken)
    if (stopping.signal.aborted) return undefined
    const host = await startHostProcess({
      name: `${zone.replaceAll('_', '-')}-${randomSuffix(runtime)}`,
      labels: { 'agones.dev/fleet': zone, [zoneLabel]: zone },
      host: options.host,
      port,
      address: options.address ?? options.host,
      program: options.program ?? zoneHost,
      env: {
        ...options.env,
        WAYSTONE_ZONES: zone,
        // Code compiled once is read back by the next host, which is Ready in half the time.
        NODE_COMPILE_CACHE: join(options.dataDir, 'cache', 'code'),
      },
      logFolder: join(options.dataDir, 'logs'),
      health: options.health,
      queueMs: options.queueMs,
      runtime,
      log,
    })
    hosts.add(host)
    guardian?.add(host.process.pid)
    running.put({ name: host.name, process: host.process })

    let bootId: string | undefined
    let readyAt: number | undefined
    const leaving = new Promise<void>((resolve) => {
      host.gameServer.watch(({ objectMeta, status }) => {
        const told = objectMeta.labels[bootLabel]
        if (bootId === undefined && told !== undefined) {
          bootId = told
          remember(host, told)
        }
        if (status.state === 'Ready') readyAt ??= runtime.now()
        if (status.state === 'Shutdown' || status.state === 'Unhealthy') resolve()
      })
    })
    void host.ended.then(() => {
      hosts.delete(host)
      guardian?.remove(host.process.pid)
      for (const [requestId, of] of requests) if (of === host) requests.delete(requestId)
      markEnded(host.name, bootId)
    })
    await Promise.race([leaving, host.ended])
    if (!host.hasEnded()) {
      host.gameServer.update((draft) => {
        draft.objectMeta.deletionTimestamp = Math.floor(runtime.now() / 1000)
      })
      void host.end(graceMs)
    }
    return readyAt
  }

  function remember(host: HostProcess, bootId: string): void {
    try {
      running.put({ name: host.name, process: host.process, bootId })
    } catch (error) {
      // A host whose lease might never be marked must not admit anybody.
      log.error('could not write down a zone host, ending it', { gameServer: host.name, error })
      void host.end(graceMs)
    }
  }

  const slots = options.fleets.flatMap(({ zone, hosts: count }) =>
    Array.from({ length: count }, () => keep(zone)),
  )

  return {
    allocate: async ({ requestId, labels }: Allocation): Promise<FleetHost | undefined> => {
      if (stopping.signal.aborted) throw new Error('the fleet has stopped')
      const given = requests.get(requestId)
      if (given?.view().state === 'allocated') return given.view()
      const host = [...hosts].find((each) => {
        const view = each.view()
        return view.state === 'ready' && view.bootId !== undefined && carries(view, labels)
      })
      if (!host?.gameServer.move('Allocated')) return undefined
      requests.set(requestId, host)
      log.info('zone host allocated', { gameServer: host.name, requestId })
      return host.view()
    },
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
    renew: async () => {
      await Promise.all([...hosts].map((host) => host.end(graceMs)))
    },
    stop: async () => {
      stopping.abort()
      await Promise.all([...hosts].map((host) => host.end(graceMs)))
      await Promise.all(slots)
      // One that was being started while we ended the others.
      await Promise.all([...hosts].map((host) => host.end(graceMs)))
      await marksDone()
      stopMarks.abort()
      await Promise.all(marks)
    },
  }
}

function carries(host: FleetHost, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([key, value]) => host.labels[key] === value)
}

/** Five signs without vowels and look-alikes, as Kubernetes makes them. */
function randomSuffix(runtime: Pick<Runtime, 'randomBytes'>): string {
  const signs = 'bcdfghjklmnpqrstvwxz2456789'
  return Array.from(runtime.randomBytes(5), (byte) => signs[byte % signs.length]).join('')
}
