// Reads what is planned for the realm, every few seconds, and hands it over when it is something else. So a host hears
// of a maintenance also when it starts later, and without Redis.
import { readBulletin } from '#shared/live/bulletin.ts'
import { bulletinFreshMs } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import type { Persistence } from './persistence.ts'
import { failed } from './store-watch.ts'

export type BulletinReader = {
  onMaintenance: Persistence['onMaintenance']
  /** Reads until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
}

export function createBulletinReader(deps: {
  store: Store
  runtime: Runtime
  host: { realmId: string }
  log: Log
}): BulletinReader {
  const { store, runtime, host, log } = deps
  let apply: Parameters<Persistence['onMaintenance']>[0] = () => undefined
  let known = JSON.stringify(undefined)

  async function read(): Promise<void> {
    try {
      const { maintenance } = await readBulletin(store, host.realmId, runtime.now())
      const text = JSON.stringify(maintenance)
      if (text !== known) apply(maintenance)
      known = text
    } catch (error) {
      // What was planned stays so while the store does not answer.
      if (failed(error) !== 'unavailable') log.error('the bulletin cannot be read', { error })
    }
  }

  return {
    onMaintenance(handler) {
      apply = handler
    },
    async run(signal) {
      while (!signal.aborted) {
        await read()
        await runtime.sleep(bulletinFreshMs, signal).catch(() => undefined)
      }
    },
  }
}
