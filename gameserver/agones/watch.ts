// The watch of the game server object, opened again each time it ends.
import type { Log } from '#shared/telemetry/log.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Sdk, SdkGameServer } from './sdk.ts'

type WatchDeps = {
  sdk: Sdk
  runtime: Pick<Runtime, 'sleep'>
  log: Log
  closed: AbortSignal
  accept: (data: SdkGameServer) => void
}

/** Resolves when `closed` is aborted. */
export async function watchForEver(deps: WatchDeps): Promise<void> {
  const { runtime, log, closed } = deps
  for (let waitMs = 50; !closed.aborted; waitMs = Math.min(waitMs * 2, 500)) {
    await watchOnce(deps, () => (waitMs = 50))
    if (closed.aborted) return
    log.warn('agones watch ended, opening it again', { waitMs })
    await runtime.sleep(waitMs, closed).catch(() => {})
  }
}

/** Resolves when the watch has ended, for whatever reason. */
function watchOnce({ sdk, log, accept }: WatchDeps, onFirst: () => void): Promise<void> {
  return new Promise((resolve) => {
    const ended = () => {
      sdk.streams = sdk.streams.filter((open) => open !== stream)
      resolve()
    }
    sdk.watchGameServer(
      (data) => {
        onFirst()
        accept(data)
      },
      // Without a listener an error ends the process.
      (error) => {
        log.debug('agones watch failed', { error })
        ended()
      },
    )
    const stream = sdk.streams.at(-1)!
    stream.on('end', ended)
  })
}
