// The network address that rates and operations are counted by.

/**
 * The caller's address behind proxies of ours: each adds the one it saw to the end of X-Forwarded-For, so
 * that with `proxies` of them the caller's own is that many entries from the end. What stands before it was
 * claimed by the caller and is not believed. Without proxies the header says nothing.
 */
export function clientAddress(
  socket: string | undefined,
  forwarded: string | undefined,
  proxies: number,
): string | undefined {
  if (proxies === 0 || forwarded === undefined) return socket
  return forwarded.split(',').at(-proxies)?.trim() ?? socket
}

/**
 * One household or attacker, one subject: an IPv6 host is handed a whole /64, so only that part
 * counts; IPv4 in IPv6 clothes is the IPv4 address. What is no address is one subject, `unknown`.
 */
export function addressSubject(address: string | undefined): string {
  const text = (address ?? '').split('%', 1)[0]!.toLowerCase()
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text)
  if (mapped) return mapped[1]!
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text
  if (!/^[0-9a-f:]{2,39}$/.test(text) || !text.includes(':')) return 'unknown'
  const [head = '', tail] = text.split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = tail === undefined ? left : [...left, ...zeros, ...right]
  return `${groups.slice(0, 4).map(trimGroup).join(':')}::/64`
}

function trimGroup(group: string): string {
  return group.replace(/^0+(?=.)/, '')
}
