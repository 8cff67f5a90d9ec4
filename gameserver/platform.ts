// The platform that runs this process: Agones, GameLift, or none. It says which host this is and when it is
// allocated, hears that it is well, and ends it.
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import { zoneLabel } from '#shared/fleet/fleet.ts'
import { PROTOCOL_OLDEST, PROTOCOL_VERSION } from '#shared/protocol/version.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { connectAgones } from './agones.ts'
import type { GameServer } from './agones/game-server.ts'
import { connectGameLift } from './gamelift.ts'

export interface Platform {
  /** The host as last seen. It takes players once its state is Allocated. */
  gameServer(): GameServer
  /** The boot id that the platform gives; undefined: the process makes its own. */
  readonly bootId?: string
  /** Where to listen, when players reach it under another port. */
  readonly listenPort?: number
  /** The process serves now: it may be allocated. Fails as connecting does. */
  ready(bootId: string): Promise<void>
  /** Asks for the end of this host. Fails as connecting does. */
  shutdown(): Promise<void>
  /** The thread that must be alive is alive; call it every second. Never fails. */
  health(): void
  /** The last that the platform hears. */
  close(): Promise<void> | void
}

type PlatformOptions = {
  log: Log
  runtime: Pick<Runtime, 'now' | 'sleep' | 'randomBytes'>
  /** Called whenever the host may have changed. */
  onGameServer: () => void
  /** The platform wants this process to end. Agones sends SIGTERM instead. */
  onTerminate: () => void
  /** Ends the wait for the platform. */
  signal: AbortSignal
}

/** Fails with AgonesError or GameLiftError, and with ConfigError when the environment lacks something. */
export async function connectPlatform(
  config: Config,
  env: Record<string, string | undefined>,
  options: PlatformOptions,
): Promise<Platform> {
  switch (config.WAYSTONE_PLATFORM) {
    case 'agones': {
      const agones = await connectAgones(options)
      return {
        ...agones,
        ready: async (bootId) => {
          await agones.setLabel('waystone-boot', bootId)
          // An old client is given a host that speaks its version (shared/fleet/fleet.ts).
          for (let version = PROTOCOL_OLDEST; version <= PROTOCOL_VERSION; version++) {
            await agones.setLabel(`waystone-protocol-${version}`, '1')
          }
          await agones.ready()
        },
      }
    }
    case 'gamelift': {
      const port = portOf(config)
      const gameLift = await connectGameLift({ ...options, env, port })
      const zone = gameLift.gameServer().labels[zoneLabel]
      if (zone !== undefined && !config.WAYSTONE_ZONES?.includes(zone)) {
        await gameLift.close()
        throw new ConfigError([
          `WAYSTONE_ZONES lacks ${zone}, for which the game session was made.`,
        ])
      }
      return {
        ...gameLift,
        listenPort: port,
        ready: async () => await gameLift.activate(),
        // Nobody else ends it: a process ends by itself, and its game session with it.
        shutdown: async () => await Promise.resolve(options.onTerminate()),
      }
    }
    case 'none':
      return alone(portOf(config), options)
  }
}

/** Where players and GameLift expect the process: no sidecar tells it. */
function portOf({ WAYSTONE_PLATFORM: platform, WAYSTONE_ZONE_PORT: port }: Config): number {
  if (port !== 0) return port
  throw new ConfigError([`WAYSTONE_ZONE_PORT must be set where WAYSTONE_PLATFORM is ${platform}.`])
}

/** No platform: the process is its own fleet of one, open at once, and ends by a signal. */
function alone(port: number, { onTerminate }: PlatformOptions): Platform {
  const gameServer: GameServer = {
    name: '',
    state: 'Allocated',
    address: '',
    ports: [{ name: 'zone', port }],
    labels: {},
    annotations: {},
  }
  return {
    gameServer: () => gameServer,
    ready: async () => await Promise.resolve(),
    shutdown: async () => await Promise.resolve(onTerminate()),
    health: () => undefined,
    close: () => undefined,
  }
}
