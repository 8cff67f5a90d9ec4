// Work in the background at a steady pace. One round at a time; a failed one is logged and forgotten.
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'

/** Runs now and then every `everyMs` after the last round's end, until the signal is aborted. */
export async function every(
  everyMs: number,
  name: string,
  run: () => Promise<unknown>,
  deps: { runtime: Pick<Runtime, 'sleep'>; log: Log; signal: AbortSignal },
): Promise<void> {
  while (!deps.signal.aborted) {
    try {
      await run()
    } catch (error) {
      if (!deps.signal.aborted) deps.log.warn(`${name} failed`, { error })
    }
    await deps.runtime.sleep(everyMs, deps.signal).catch(() => {
      // Aborted: the loop's condition sees it.
    })
  }
}
