// The fleet seam: which hosts exist. Agones (default), GameLift or local processes stand behind it.

/** Label of the zone whose instances a host opens; a director allocates by it. Of several: with points between. */
export const zoneLabel = 'waystone.dev/zone'

/** Whether a host with these labels opens instances of a zone. */
export function opensZone(labels: Record<string, string>, zone: string): boolean {
  return labels[zoneLabel]?.split('.').includes(zone) ?? false
}

/** Whether a host has all labels that are asked for. */
export function carries(has: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([key, value]) =>
    key === zoneLabel ? opensZone(has, value) : has[key] === value,
  )
}

/** The boot id of a host, which sets `waystone-boot` through the SDK; Agones puts its prefix before it. */
export const bootLabel = 'agones.dev/sdk-waystone-boot'
/** A host sets it (`waystone-protocol-<version>`) to `1` for each version of the zone protocol that it speaks. */
export const protocolLabel = (version: number) => `agones.dev/sdk-waystone-protocol-${version}`
/** Label of the request that a host was allocated for, as a hash (allocation-row.ts): by it the host finds the row. */
export const requestLabel = 'waystone.dev/request'
/** In development: a host takes the code of its game over whenever this annotation gets another value. */
export const gameAnnotation = 'waystone.dev/game'

/** A game server as the fleet knows it. */
export type FleetHost = {
  name: string
  /** Boot id of the process in it; undefined until the process has set it (`bootLabel`). */
  bootId: string | undefined
  address: string
  port: number
  state: 'starting' | 'ready' | 'allocated' | 'shutdown' | 'unhealthy'
  labels: Record<string, string>
}

export type Allocation = {
  /** Repeating a request with the same id gives the same host while it lives, never a second. */
  requestId: string
  /** Labels the host must carry, e.g. `{ [zoneLabel]: 'hub' }`. */
  labels: Record<string, string>
}

/** The fleet gave no answer, or refused. */
export class FleetError extends Error {
  /** The request may have taken effect. */
  readonly unclear: boolean

  constructor(message: string, more: { unclear?: boolean; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'FleetError'
    this.unclear = more.unclear ?? false
  }
}

export interface Fleet {
  /**
   * Makes a Ready host with a boot id Allocated. Undefined: the fleet has no such host.
   * Fails with FleetError when the fleet cannot be reached.
   */
  allocate(allocation: Allocation): Promise<FleetHost | undefined>
  list(): Promise<FleetHost[]>
  /**
   * Asks a host to drain: every character leaves, the process ends, and the fleet replaces it. False: no host
   * has that name. Resolves when the host has been asked. Safe to repeat.
   */
  drain(name: string): Promise<boolean>
}
