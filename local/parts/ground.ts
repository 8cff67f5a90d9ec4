// What every other part needs first: checked settings, the data folder, the port, the log, and the guardian
// that ends the children of a process that was killed.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { game } from '#game'
import { authority, reachedHere } from '#shared/authority.ts'
import type { Config } from '#shared/config.ts'
import { loadContent } from '#shared/content-files/load.ts'
import type { LoadedContent } from '#shared/content-files/load.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { openDataFolder } from '../data-folder.ts'
import { freePort } from '../fleet/free-port.ts'
import type { LocalFleet } from '../fleet/local-fleet.ts'
import { startGuardian } from '../guardian.ts'
import type { Guardian } from '../guardian.ts'
import { checkPort } from '../port-check.ts'
import { StartError } from '../start-error.ts'
import { openStartLog } from '../start-log.ts'

export type BringUpOptions = {
  config: Config
  env: Record<string, string | undefined>
  runtime: Runtime
  /** Called as soon as something can be killed, with a function that kills all of it without grace. */
  onKill: (killAll: () => void) => void
  /** Called with the fleet once it is there: tests hurt it. */
  onFleet?: (fleet: LocalFleet) => void
  /** Warnings and errors for the terminal. */
  print: (line: string) => void
}

/** Says how a part is undone. At the end the last part is undone first. */
export type OnStop = (name: string, run: () => Promise<void> | void) => void

export type Ground = Pick<BringUpOptions, 'config' | 'env' | 'runtime' | 'print'> & {
  loaded: LoadedContent
  /** How many hosts each zone has. */
  fleets: Fleets
  dataDir: string
  port: number
  /** The API as processes of this machine reach it. */
  apiHere: string
  /** The address of the API for players. On a wildcard each gets the one that he came by (reachable.ts). */
  url: string
  /** With it processes of this machine send to social sockets, which the API holds. */
  socketsSecret: string
  log: Log
  guardian: Guardian
  /** What to undo at the end, the last first. */
  onStop: OnStop
}

/** Throws StartError and its like. `onLog` gets the log as soon as it is open. */
export async function openGround(
  { config, env, runtime, print, onKill }: BringUpOptions,
  onStop: OnStop,
  onLog: (log: Log) => void,
): Promise<Ground> {
  const { HOST: host } = config
  checkRedis(config)
  const loaded = await loadContent(game.content, game.contentKinds ?? [])
  const fleets = fleetsOf(config, loaded)
  const folder = openDataFolder(config.WAYSTONE_DATA, runtime)
  onStop('data folder', () => folder.release())
  const dataDir = folder.path
  await checkPort(host, config.PORT)
  const port = config.PORT === 0 ? await freePort(host, new Set()) : config.PORT

  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 })
  const log = openStartLog(join(dataDir, 'logs', 'start.log'), config.WAYSTONE_LOG, runtime, print)
  onLog(log)
  const guardian = startGuardian()
  onKill(() => guardian.killAll())
  onStop('guardian', () => guardian.release())
  const apiHere = `http://${authority(reachedHere(host), port)}`
  const url = config.WAYSTONE_PUBLIC_URL ?? `http://${authority(host, port)}`
  return {
    config,
    env,
    runtime,
    print,
    loaded,
    fleets,
    dataDir,
    port,
    apiHere,
    url,
    socketsSecret: config.WAYSTONE_SOCKETS_SECRET ?? randomBytes(32).toString('base64url'),
    log,
    guardian,
    onStop,
  }
}

function checkRedis(config: Config): void {
  if (config.UPSTASH_REDIS_REST_URL && !config.UPSTASH_REDIS_REST_TOKEN) {
    throw new StartError(
      'UPSTASH_REDIS_REST_URL is set without UPSTASH_REDIS_REST_TOKEN; set both.',
    )
  }
  if (config.UPSTASH_REDIS_REST_URL && config.REDIS_URL) {
    throw new StartError('UPSTASH_REDIS_REST_URL and REDIS_URL are both set; set one.')
  }
}

/** Three processes, however many zones there are: where all begin, the rest of the world, and what is private. */
function lightFleets({ zones, startZone }: LoadedContent['content']): Fleets {
  const others = [...zones.values()].filter(({ id }) => id !== startZone)
  const [shut, shared] = [true, false].map((isPrivate) =>
    others.filter((zone) => (zone.private !== undefined) === isPrivate).map(({ id }) => id),
  )
  return [[startZone], shared!, shut!]
    .filter((ids) => ids.length > 0)
    .map((ids) => ({ zones: ids, hosts: 1 }))
}

type Fleets = NonNullable<Config['WAYSTONE_FLEET']>

function fleetsOf(config: Config, { content }: LoadedContent): Fleets {
  const fleets = config.WAYSTONE_FLEET
  if (fleets === undefined) return lightFleets(content)
  for (const zone of fleets.flatMap(({ zones }) => zones)) {
    if (content.zones.has(zone)) continue
    const known = [...content.zones.keys()].join(', ')
    throw new StartError(`WAYSTONE_FLEET names the zone ${zone}; the content has ${known}.`)
  }
  return fleets
}
