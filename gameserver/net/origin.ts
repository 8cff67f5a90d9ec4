// Which pages may open a zone socket. A ticket lets a player in, and no browser sends one by itself; so a
// foreign page could do no more than take places among the sockets that have not joined. It gets none.

/**
 * Whether a request with these headers may be upgraded. Without an Origin no browser page asks: that is a
 * client of its own, and may. A page may when it lies under the host name that it asks for (the page and
 * the zones of one machine), or when its origin is listed; `*` lists all.
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
