// What runs beside everything else: the health probe, fresh keys, the sweep of expired rows.
import { localClient } from '../dynamodb.ts'
import { every } from '../every.ts'
import { probeEveryMs } from '../health.ts'
import type { HealthProbe } from '../health.ts'
import { sweep } from '../sweeper.ts'
import type { Ground } from './ground.ts'
import type { Stores } from './stores.ts'

const keysEveryMs = 60_000
const sweepEveryMs = 30_000

/** Runs until the stop, which aborts `stopped`. */
export function startBackground(
  { config, runtime, log, onStop }: Ground,
  { database, keys }: Stores,
  health: HealthProbe,
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
  ]
  onStop('background', async () => {
    stopped.abort()
    client.destroy()
    await Promise.all(loops)
  })
}
