// The identity of a host process, from its start to its end.
export type HostIdentity = {
  bootId: string
  realmId: string
  /** WebSocket address that clients are given. */
  address: string
  protocol: number
  contentVersion: string
  /** `x` of the key with which it proves who it is. */
  publicKey: string
  /** `slots`: no instance, but room for so many private ones of the zone. */
  instances: { instance: string; zone: string; capacity: number; kind?: 'slots' }[]
}
