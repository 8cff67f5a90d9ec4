// Faults in parts of a tick: in a system or a message of the game, or in an entity. A system runs 20 times a
// second. So a fault is logged once and then counted, and the count is logged each minute.
import { faultAgainMs, faultsMax } from '#shared/limits.ts'
import { faultMessage, placesOf } from '#shared/telemetry/fault.ts'
import type { Log } from '#shared/telemetry/log.ts'

export type Faults = {
  /** `what`: the handler, message or input that failed, `of` the entity it was about. `now`: monotonic ms. */
  report(what: string, error: unknown, now: number, of?: string): void
}

/** `times`: since it was logged last. */
type Seen = { loggedAt: number; times: number }

export function createFaults(log: Log): Faults {
  const seen = new Map<string, Seen>()
  return {
    report(what, error, now, of) {
      const at = placeOf(error)
      const key = `${what} ${at}`
      const before = seen.get(key)
      const times = (before?.times ?? 0) + 1
      if (before !== undefined && now - before.loggedAt < faultAgainMs) {
        before.times = times
        return
      }
      if (seen.size >= faultsMax) seen.clear()
      seen.set(key, { loggedAt: now, times: 0 })
      const shown = error instanceof Error ? error : new Error(String(error))
      log.error(faultMessage, { what, of, at, times, error: shown })
    },
  }
}

/**
 * Returns file and line of the error: the first that lies outside of the simulation itself, because the
 * simulation throws for faults of a game that calls it. Undefined when the error has no such line.
 */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const places = placesOf(error)
  return places.find((place) => !/\/(?:gameserver\/sim|node_modules)\//.test(place)) ?? places[0]
}
