// The address of this host for players.
import { inUrl, isWildcard } from '#shared/authority.ts'
import { ConfigError } from '#shared/config.ts'

export type ZoneAddressParts = {
  /** WAYSTONE_ZONE_URL: a URL with {port} and mostly {address}. */
  template: string
  /** The address that the fleet gives; '' when it gives none. */
  fleetAddress: string
  /** HOST, where this process listens. */
  host: string
  port: number
}

/**
 * Fills in address and port. An IPv6 address stands in brackets where it is the host of the URL, and bare
 * in a path, where a gateway reads it. Throws ConfigError when no player could use the address.
 */
export function zoneAddress({ template, fleetAddress, host, port }: ZoneAddressParts): string {
  const address = fleetAddress || host
  if (fleetAddress === '' && isWildcard(host) && template.includes('{address}')) {
    throw new ConfigError([
      `WAYSTONE_ZONE_URL must name the address of this host in place of {address}: HOST ${host} is ` +
        'every address of the machine, and the fleet gives none.',
    ])
  }
  const inHost = /^wss?:\/\/[^/]*\{address\}/.test(template)
  const url = template
    .replace('{address}', inHost ? inUrl(address) : address)
    .replace('{port}', String(port))
  if (!URL.canParse(url)) {
    throw new ConfigError([`WAYSTONE_ZONE_URL gives ${url} for this host, which is no URL.`])
  }
  return url
}
