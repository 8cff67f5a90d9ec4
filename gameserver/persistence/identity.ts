// The identity of a host process, from its start to its end.
export type HostIdentity = {
  bootId: string
  realmId: string
  /** WebSocket address that clients are given. */
  address: string
  /** The newest version of the zone protocol that it speaks; `oldest`: and the oldest, where there are several. */
  protocol: number
  oldest?: number
  contentVersion: string
  /** `x` of the key with which it proves who it is. */
  publicKey: string
  /** As who runs it says. */
  region?: string
  language?: string
  instances: HostInstance[]
}

/** `slots`: no instance, but room for so many private ones of the zone. */
type HostInstance = {
  instance: string
  zone: string
  capacity: number
  kind?: 'slots'
  /** Percent of the capacity, where the zone has its own. */
  target?: number
  closed?: number
  /** The host stays, though empty, while the zone has no more instances than that. */
  min?: number
}
