// Keeps one host of a zone running: when it ends, another one is started.
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

/** A host that ended young is replaced after this, ms, doubled each time up to the bound. Others at once. */
const replaceMs = 200
const replaceMaxMs = 15_000
/** A host that lived this long after it was Ready did not end young, ms. */
const steadyMs = 5000

export type KeepOptions = {
  zone: string
  /** Runs one host. Resolves with the time at which it was Ready, if ever. */
  runOne: () => Promise<number | undefined>
  stopping: AbortSignal
  runtime: Pick<Runtime, 'now' | 'sleep'>
  log: Log
}

/** Resolves when `stopping` is aborted. */
export async function keepRunning(options: KeepOptions): Promise<void> {
  const { zone, stopping, runtime, log } = options
  for (let deaths = 0; !stopping.aborted;) {
    let readyAt: number | undefined
    try {
      readyAt = await options.runOne()
    } catch (error) {
      log.error('a zone host could not be started', { zone, error })
    }
    if (stopping.aborted) return
    const steady = readyAt !== undefined && runtime.now() - readyAt > steadyMs
    deaths = steady ? 0 : deaths + 1
    if (steady) continue
    const waitMs = Math.min(replaceMs * 2 ** (deaths - 1), replaceMaxMs)
    if (deaths >= 3) log.error('zone hosts keep dying; their output is in logs/', { zone })
    await runtime.sleep(waitMs, stopping).catch(() => {})
  }
}
