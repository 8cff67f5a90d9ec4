// One zone host of the fleet: a process, its sidecar, and its game server object.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bootLabel } from '#shared/fleet/fleet.ts'
import type { FleetHost } from '#shared/fleet/fleet.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createGameServer } from '../agones/game-server.ts'
import type { GameServerObject, GameServerOptions } from '../agones/game-server.ts'
import { startSidecar } from '../agones/sidecar.ts'
import type { Sidecar } from '../agones/sidecar.ts'
import type { GameServerState } from '../agones/wire.ts'
import { identify, runs, signal } from '../process-identity.ts'
import type { ProcessIdentity } from '../process-identity.ts'

export type HostProcessOptions = {
  name: string
  labels: Record<string, string>
  /** Where it listens. */
  host: string
  port: number
  /** The address for players. */
  address: string
  /** Program and arguments after the interpreter. */
  program: string[]
  env: Record<string, string>
  logFolder: string
  health: GameServerOptions['health']
  queueMs: number | undefined
  runtime: Runtime
  log: Log
}

export interface HostProcess {
  readonly name: string
  readonly process: ProcessIdentity
  readonly gameServer: GameServerObject
  /** The process has ended. */
  readonly ended: Promise<void>
  hasEnded(): boolean
  view(): FleetHost
  /** The sidecar crashes and is started again on its port, as a cluster does with its container. */
  restartSidecar(awayMs: number): Promise<void>
  /** SIGTERM now, SIGKILL after `graceMs`; resolves when the process has ended. */
  end(graceMs: number): Promise<void>
}

/** How many logs of hosts are kept. */
const logFilesKept = 50

export async function startHostProcess(options: HostProcessOptions): Promise<HostProcess> {
  const { name, port, runtime, log } = options
  const gameServer = createGameServer({
    name,
    labels: options.labels,
    address: options.address,
    ports: [{ name: 'zone', port }],
    health: options.health,
    runtime,
    log,
  })
  const { queueMs } = options
  let sidecar = await startSidecar({ gameServer, queueMs, runtime, log })
  let child: ChildProcess
  try {
    child = spawnHost(options, sidecar)
  } catch (error) {
    sidecar.stop()
    throw error
  }
  let over = false
  const ended = new Promise<void>((resolve) => {
    const finish = (fields: object) => {
      if (over) return
      over = true
      sidecar.stop()
      log.info('zone host ended', { gameServer: name, ...fields })
      resolve()
    }
    child.on('exit', (code, signalName) => finish({ code, signal: signalName }))
    child.on('error', (error) => finish({ error }))
  })
  const pid = child.pid
  if (pid === undefined) {
    await ended
    throw new Error(`the zone host ${name} could not be started`)
  }
  // It is read before the next turn of the loop. A process that ended at once still has its entry by then.
  const identity = identify(pid) ?? { pid, started: 'ended' }
  log.info('zone host started', { gameServer: name, pid, port })

  return {
    name,
    process: identity,
    gameServer,
    ended,
    hasEnded: () => over,
    view: () => viewOf(gameServer, over),
    restartSidecar: async (awayMs) => {
      const { port: sidecarPort } = sidecar
      sidecar.stop()
      await runtime.sleep(awayMs)
      if (over) return
      sidecar = await startSidecar({ gameServer, port: sidecarPort, queueMs, runtime, log })
      log.info('sidecar restarted', { gameServer: name })
    },
    end: async (graceMs) => {
      if (over) return
      const grace = new AbortController()
      signal(identity, 'SIGTERM')
      const force = async () => {
        await runtime.sleep(graceMs, grace.signal)
        if (runs(identity)) log.warn('zone host did not end in time, killed', { gameServer: name })
        signal(identity, 'SIGKILL')
      }
      const forcing = force().catch(() => {
        // Aborted: it has ended by itself.
      })
      await ended
      grace.abort()
      await forcing
    },
  }
}

function spawnHost(options: HostProcessOptions, sidecar: Sidecar): ChildProcess {
  const output = openLogFile(options.logFolder, options.name)
  const child = spawn(process.execPath, options.program, {
    env: {
      ...options.env,
      HOST: options.host,
      WAYSTONE_ZONE_PORT: String(options.port),
      AGONES_SDK_GRPC_PORT: String(sidecar.port),
      AGONES_SDK_HTTP_PORT: String(sidecar.httpPort),
    },
    // The output goes to a file, so that a host can always write, and needs no reader.
    stdio: ['ignore', output, output],
    // It has its own process group: a Ctrl-C in the terminal reaches the fleet, which stops hosts in order.
    detached: true,
  })
  closeSync(output)
  return child
}

const states: Record<GameServerState, FleetHost['state']> = {
  Starting: 'starting',
  Scheduled: 'starting',
  RequestReady: 'starting',
  Ready: 'ready',
  Allocated: 'allocated',
  // So allocation does not take it, like a server that players are in.
  Reserved: 'allocated',
  Shutdown: 'shutdown',
  Unhealthy: 'unhealthy',
}

/** `over`: the process has ended. */
export function viewOf(gameServer: GameServerObject, over: boolean): FleetHost {
  const { objectMeta, status } = gameServer.read()
  return {
    name: objectMeta.name,
    bootId: objectMeta.labels[bootLabel],
    address: status.address,
    port: status.ports[0]!.port,
    state: over || objectMeta.deletionTimestamp > 0 ? 'shutdown' : states[status.state],
    labels: { ...objectMeta.labels },
  }
}

function openLogFile(folder: string, name: string): number {
  mkdirSync(folder, { recursive: true })
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.log'))
    .map((file) => ({ path: join(folder, file), at: statSync(join(folder, file)).mtimeMs }))
    .sort((a, b) => b.at - a.at)
  for (const { path } of files.slice(logFilesKept - 1)) rmSync(path, { force: true })
  return openSync(join(folder, `${name}.log`), 'a', 0o600)
}
