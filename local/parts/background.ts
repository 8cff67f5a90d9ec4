// What runs beside everything else: the health probe, fresh keys, the sweep of expired rows, and what domains do by the
// clock.
import { openNodeSocket } from '#client/bots/socket.ts'
import { createSyntheticPlayer } from '#client/bots/synthetic.ts'
import { createContent } from '#client/library/content.ts'
import { syntheticSecret } from '#functions/auth/auth.ts'
import { systemAt } from '#shared/system.ts'
import { localClient } from '../dynamodb.ts'
import { every } from '../every.ts'
import type { LocalFleet } from '../fleet/local-fleet.ts'
import { createHealthProbe, probeEveryMs } from '../health.ts'
import type { HealthProbe } from '../health.ts'
import { sweep } from '../sweeper.ts'
import type { Api } from './api.ts'
import type { Ground } from './ground.ts'
import type { Stores } from './stores.ts'

const keysEveryMs = 60_000
const sweepEveryMs = 30_000

/** Whether the realm is well, tried by a synthetic player. `signal` ends a try that is under way. */
export function createRealmProbe(
  { config, apiHere, fleets, loaded, runtime }: Ground,
  { store, keys }: Stores,
  fleet: LocalFleet,
  signal: AbortSignal,
): HealthProbe {
  const { WAYSTONE_REALM: realmId } = config
  const synthetic = createSyntheticPlayer({
    baseUrl: apiHere,
    realmId,
    deviceSecret: syntheticSecret(keys),
    content: createContent({ baseUrl: apiHere, fetch, runtime }),
    socket: openNodeSocket,
    fetch,
    runtime,
    monotonic: systemAt(config.WAYSTONE_SPEED).clocks.monotonic,
  })
  const visit = async () => await synthetic.visit(signal)
  const zones = fleets.filter(({ hosts }) => hosts > 0).flatMap((fleet) => fleet.zones)
  const { startZone } = loaded.content
  return createHealthProbe({ store, fleet, realmId, zones, startZone, visit, runtime })
}

/** Runs until the stop, which aborts `stopped`. */
export function startBackground(
  { config, runtime, log, onStop }: Ground,
  { database, keys }: Stores,
  { health, timers }: Pick<Api, 'timers'> & { health: HealthProbe },
  stopped: AbortController,
): void {
  const { WAYSTONE_TABLES: tablePrefix } = config
  const { signal } = stopped
  const background = { runtime, log, signal }
  const client = localClient(database)
  const sweepOnce = () => sweep({ client, tablePrefix, runtime, signal })
  const loops = [
    every(probeEveryMs, 'health probe', () => health.probe(), background),
    every(keysEveryMs, 'key refresh', () => keys.refresh(), background),
    every(sweepEveryMs, 'sweep', sweepOnce, background),
    ...timers().map(({ name, pauseMs }) => {
      // Looked for each time: the code of the game may be another one by now.
      const work = async () =>
        await timers()
          .find((one) => one.name === name)
          ?.run(signal)
      return every(pauseMs, `the timer of ${name}`, work, background)
    }),
  ]
  onStop('background', async () => {
    stopped.abort()
    client.destroy()
    await Promise.all(loops)
  })
}
