// Which pages may open a zone socket. Only a ticket lets a player in, and a browser never sends a ticket
// unasked. So a foreign page could only use up the sockets that have not joined. It gets none.

/**
 * Whether a request with these headers may be upgraded. A request without an Origin comes from no browser
 * page, and may. A page may if its host name is the one that it connects to (page and zones on one machine),
 * or if its origin is listed; `*` lists all.
 */
export function mayConnect(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true
  const page = nameOf(origin)
  return page !== undefined && page === nameOf(`http://${host ?? ''}`)
}

/** The host name of a URL, without port; all names of this machine's own loopback are one. */
function nameOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { hostname } = new URL(url)
  const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
  return loopback ? 'localhost' : hostname
}
