// Host and port as they stand in a URL (RFC 3986, 3.2.2). An IPv6 address has colons of its own, so it
// stands in brackets there, and nowhere else: sockets and name lookups take it bare.

/** `host` as a URL has it: an IPv6 address in brackets, everything else as it is. */
export function inUrl(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** Host and port of a URL. */
export function authority(host: string, port: number | string): string {
  return `${inUrl(host)}:${port}`
}

/** The host of a URL as sockets take it: without brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
}

/** Listening there is listening on every address of the machine. Nobody can be sent there. */
export function isWildcard(host: string): boolean {
  return /^(?:0\.0\.0\.0|[0:]*:[0:]*)$/.test(host) && host !== ':'
}

/** How a process of this machine reaches what listens on `host`. */
export function reachedHere(host: string): string {
  if (!isWildcard(host)) return host
  return host.includes(':') ? '::1' : '127.0.0.1'
}

/**
 * The host and port that a request was sent to, from its Host header. Undefined when the header is
 * missing or is not a plain host with at most a port: it comes from the caller, so it may hold anything.
 */
export function requestedHost(header: string | undefined): URL | undefined {
  if (header === undefined || header.length > 261) return undefined
  if (!/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(header)) return undefined
  return URL.parse(`http://${header}`) ?? undefined
}
