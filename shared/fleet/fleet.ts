// The fleet seam: which hosts exist. Agones (default), GameLift or local processes stand behind it.

/** Label of the zone whose instances a host opens; a director allocates by it. */
export const zoneLabel = 'waystone.dev/zone'
/** The boot id of a host, which sets `waystone-boot` through the SDK; Agones puts its prefix before it. */
export const bootLabel = 'agones.dev/sdk-waystone-boot'

/** A game server as the fleet knows it. */
export type FleetHost = {
  name: string
  /** Boot id of the process in it, once it has told (`bootLabel`). */
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
  /** What was asked may have happened all the same. */
  readonly unclear: boolean

  constructor(message: string, more: { unclear?: boolean; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause })
    this.name = 'FleetError'
    this.unclear = more.unclear ?? false
  }
}

export interface Fleet {
  /**
   * A Ready host that has told its boot id becomes Allocated; undefined when none is to be had.
   * Fails with FleetError when the fleet is gone.
   */
  allocate(allocation: Allocation): Promise<FleetHost | undefined>
  list(): Promise<FleetHost[]>
  /**
   * Has a host drain: it saves everybody, lets them go and ends; the fleet then replaces it. False when
   * there is none of that name. Resolves when it was told. Safe to repeat.
   */
  drain(name: string): Promise<boolean>
}
