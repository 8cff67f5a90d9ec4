// The fleet of functions that are built for GameLift: its client is in no other bundle.
import { GameLiftClient } from '@aws-sdk/client-gamelift'
import { ConfigError } from '#shared/config.ts'
import type { Config } from '#shared/config.ts'
import type { AwsOptions } from '#shared/aws/call.ts'
import type { Fleet } from '#shared/fleet/fleet.ts'
import { createGameLiftFleet } from '#shared/fleet/gamelift.ts'
import type { GameLiftFleetOptions } from '#shared/fleet/gamelift.ts'

type GameLiftParts = Pick<GameLiftFleetOptions, 'store' | 'runtime' | 'log'> & {
  config: Pick<Config, 'WAYSTONE_GAMELIFT_FLEETS' | 'WAYSTONE_GAMELIFT_LOCATION'>
  awsOptions: Pick<AwsOptions, 'region'>
}

/** Throws ConfigError. */
export async function openGameLift(parts: GameLiftParts): Promise<Fleet> {
  const { config, store, runtime, log } = parts
  const fleets = config.WAYSTONE_GAMELIFT_FLEETS
  if (fleets === undefined) throw new ConfigError(['WAYSTONE_GAMELIFT_FLEETS must be set.'])
  // Sent once: what is repeated is decided by the fleet. The client would repeat a refusal for a limit, too.
  const client = new GameLiftClient({ region: parts.awsOptions.region, maxAttempts: 1 })
  const location = config.WAYSTONE_GAMELIFT_LOCATION
  return await Promise.resolve(
    createGameLiftFleet({ client, fleets, location, store, runtime, log }),
  )
}
