// What a game session of GameLift tells the process that gets it: the director writes it, the zone host reads
// it. GameLift takes 16 properties, keys of 32 signs and values of 96.
import { isUuid } from '../runtime.ts'

type SessionProperties = {
  /** The zone whose instances the host opens. */
  zone: string
  /** The request that it was allocated for, as a hash. */
  request: string
  /** The boot id that the process takes. */
  boot: string
}

export function sessionProperties(properties: SessionProperties): { Key: string; Value: string }[] {
  return Object.entries(properties).map(([Key, Value]) => ({ Key, Value }))
}

/** The boot id that a process is given; undefined for a session that an operator made by hand. */
export function bootIdOf(properties: Record<string, string>): string | undefined {
  const { boot } = properties
  return boot !== undefined && isUuid(boot) ? boot : undefined
}
