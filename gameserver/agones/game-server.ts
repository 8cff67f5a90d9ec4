/** The game server object as the fleet sees it. Labels set from here carry `agones.dev/sdk-`. */
export type GameServer = {
  name: string
  /** Agones' words: Starting, Scheduled, RequestReady, Ready, Allocated, Reserved, Shutdown, Unhealthy. */
  state: string
  /** Address and ports under which players reach it; the first port is the zone's. */
  address: string
  ports: { name: string; port: number }[]
  labels: Record<string, string>
  annotations: Record<string, string>
}
