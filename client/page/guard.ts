// Calls what a game has written for the page. A fault there costs its own call and nothing else: it is named
// in the console and in the log, once, and the page goes on.
import { ApiError } from '#shared/api/client.ts'
import { RequestRefused } from '../library/requests.ts'

export type Guard = {
  /** Runs a hook; undefined when it fails. `name`: what the fault is named after. */
  run<T>(name: string, hook: () => T): T | undefined
  /** The same for what may return a promise. Calls `refused` when API or zone have refused something. */
  start(
    name: string,
    hook: () => unknown,
    refused: (error: ApiError | RequestRefused) => void,
  ): void
}

export function createGuard(report: (text: string, error: unknown) => void): Guard {
  const told = new Set<string>()
  const fault = (name: string, error: unknown) => {
    const text = `The game's page has a fault in ${name}: ${error instanceof Error ? error.message : String(error)}`
    // A fault in each frame would else fill the console.
    if (told.has(text)) return
    told.add(text)
    report(text, error)
  }
  return {
    run(name, hook) {
      try {
        return hook()
      } catch (error) {
        fault(name, error)
        return undefined
      }
    },
    start(name, hook, refused) {
      const failed = (error: unknown) => {
        if (error instanceof ApiError || error instanceof RequestRefused) refused(error)
        else fault(name, error)
      }
      try {
        Promise.resolve(hook()).catch(failed)
      } catch (error) {
        failed(error)
      }
    },
  }
}
