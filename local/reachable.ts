// A server that listens on every address of the machine has no address of its own to give: players of the
// same machine, the same network and a container's host each know it by another one. Rows and settings then
// hold the wildcard (`ws://0.0.0.0:7001/zone`), and each answer gets the address that its caller used.
import { hostOf, inUrl, isWildcard, requestedHost } from '#shared/authority.ts'

/** Where the request came to: its Host header, and the address of its socket at this end. */
export type Arrival = { host: string | undefined; localAddress: string | undefined }

/**
 * The answer with each wildcard in an `address` replaced by the host that the caller used. The server's
 * own port may have been mapped on the way, so `apiPort` becomes the port that the caller used; ports of
 * zone hosts stay.
 */
export function reachable(answer: unknown, arrival: Arrival, apiPort: number): unknown {
  const requested = requestedHost(arrival.host)
  const hostname = requested?.hostname ?? inUrl(arrival.localAddress ?? '127.0.0.1')
  const port = requested === undefined ? String(apiPort) : requested.port
  const at = (address: string): string => {
    if (!URL.canParse(address) || !isWildcard(hostOf(address))) return address
    const url = new URL(address)
    url.hostname = hostname
    if ((url.port || '80') === String(apiPort)) url.port = port
    // Base URLs are given without the slash that URL adds.
    return url.pathname === '/' && !address.endsWith('/') ? url.href.slice(0, -1) : url.href
  }
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === 'address' && typeof inner === 'string' ? at(inner) : walk(inner),
      ]),
    )
  }
  return walk(answer)
}
