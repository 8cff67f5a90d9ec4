// The network address that rates and operations are counted by.
import { isIPv4, isIPv6 } from 'node:net'

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
  const entry = forwarded.split(',').at(-proxies)?.trim()
  return entry === undefined ? socket : withoutPort(entry)
}

/** Proxies write `192.0.2.7:51234`, `[2001:db8::1]:51234` or `[2001:db8::1]` as well as the bare address. */
function withoutPort(entry: string): string {
  return (/^\[([^\]]*)\](?::\d+)?$/.exec(entry) ?? /^([\d.]+):\d+$/.exec(entry))?.[1] ?? entry
}

/**
 * One household or attacker, one subject: an IPv6 host is handed a whole /64, so only that part
 * counts; IPv4 in IPv6 clothes is the IPv4 address. What is no address is one subject, `unknown`.
 */
export function addressSubject(address: string | undefined): string {
  const text = (address ?? '').split('%', 1)[0]!
  if (isIPv4(text)) return text
  if (!isIPv6(text)) return 'unknown'
  const groups = groupsOf(text)
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.')
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** The eight groups of an IPv6 address, which may end in an IPv4 one. */
function groupsOf(address: string): number[] {
  const [head, tail] = address
    .split('::', 2)
    .map((part) => (part === '' ? [] : part.split(':').flatMap(groupsOfPart)))
  if (tail === undefined) return head!
  return [...head!, ...Array.from({ length: 8 - head!.length - tail.length }, () => 0), ...tail]
}

function groupsOfPart(part: string): number[] {
  if (!part.includes('.')) return [Number.parseInt(part, 16)]
  const [a, b, c, d] = part.split('.').map(Number)
  return [(a! << 8) | b!, (c! << 8) | d!]
}
