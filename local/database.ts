// Keeps the embedded database running. When its process dies it is started again at the same address, the only
// one that zone hosts know. Players keep walking meanwhile.
import { join } from 'node:path'
import { hostOf } from '#shared/authority.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { startDynamo } from './dynamodb.ts'
import type { EmbeddedDynamo } from './dynamodb.ts'
import type { Guardian } from './guardian.ts'

export type DatabaseOptions = {
  dataDir: string
  tablePrefix: string
  /** Path of the binary, where the npm package is not to be used. */
  binary: string | undefined
  guardian: Guardian
  runtime: Runtime
  log: Log
}

export type Database = { endpoint: string; stop(): Promise<void> }

const restartMs = 100
const restartMaxMs = 5000

/** Fails like startDynamo when the first start fails. */
export async function startDatabase(options: DatabaseOptions): Promise<Database> {
  const { runtime, log, guardian } = options
  const stopping = new AbortController()
  let at: { host: string; port: number } | undefined
  let current: EmbeddedDynamo

  const start = async () => {
    let pid: number | undefined
    try {
      const started = await startDynamo({
        file: join(options.dataDir, 'dynamodb.sqlite'),
        tablePrefix: options.tablePrefix,
        ...(options.binary === undefined ? {} : { binary: options.binary }),
        ...(at === undefined ? {} : { at }),
        runtime,
        onSpawn: (spawned) => {
          pid = spawned
          guardian.add('database', spawned)
        },
      })
      void started.exited.then(() => guardian.remove(started.pid))
      return started
    } catch (error) {
      if (pid !== undefined) guardian.remove(pid)
      throw error
    }
  }

  current = await start()
  const { endpoint } = current
  at = { host: hostOf(endpoint), port: Number(new URL(endpoint).port) }

  const keep = async () => {
    for (;;) {
      const { asked, reason } = await current.exited
      if (asked || stopping.signal.aborted) return
      log.error('the database ended, starting it again', { reason })
      for (let waitMs = restartMs; ; waitMs = Math.min(waitMs * 2, restartMaxMs)) {
        try {
          current = await start()
          break
        } catch (error) {
          log.error('the database could not be started again', { error })
          await runtime.sleep(waitMs, stopping.signal)
        }
      }
      log.info('the database is back')
      if (stopping.signal.aborted) await current.stop()
    }
  }
  const kept = keep().catch(() => {
    // Aborted between two tries.
  })
  return {
    endpoint,
    stop: async () => {
      stopping.abort()
      await current.stop()
      await kept
    },
  }
}
