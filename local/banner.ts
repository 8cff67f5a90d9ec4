// The lines that `npm start` prints when everything runs.
import { defaultUrl } from '#client/bots/options.ts'

export type Addresses = {
  pid: number
  /** Base URL of page and API. */
  url: string
  docs: string
  openapi: string
  health: string
  database: string
  /** Redis over HTTP, and the Redis behind it when it is not the embedded one. */
  redis: string
  redisBehind?: string
  dataDir: string
  zones: { zone: string; name: string; address: string }[]
  bots: number
  /** The file of the zone in which players begin, from the working directory. */
  startZone: string
}

/** One line of JSON, for programs. */
export function addressLine(addresses: Addresses): string {
  return JSON.stringify({ ready: true, ...addresses })
}

export function banner(at: Addresses): string {
  const zones = at.zones.map(({ zone, address }) => `${zone} ${address}`)
  const [first = 'none yet', ...more] = zones
  const rows = [
    ['Play', at.url],
    ['API reference', at.docs],
    ['OpenAPI', at.openapi],
    ['Health', at.health],
    ['Zone hosts', first],
    ...more.map((zone) => ['', zone]),
    ['Database', at.database],
    ['Redis', at.redisBehind === undefined ? at.redis : `${at.redisBehind} (over ${at.redis})`],
    ['Data folder', at.dataDir],
  ]
  const table = rows.map(([name, value]) => `  ${name!.padEnd(14)} ${value}`).join('\n')
  // Bots look for Waystone at the default address.
  const bots = at.url === defaultUrl ? '' : ` --url ${at.url}`
  const tries = [
    `open ${at.url} in two windows and walk with W A S D: each sees the other`,
    `npm run bots -- --count 50${bots}   lets fifty more walk about${at.bots > 0 ? ` (${at.bots} do already)` : ''}`,
    `npm run dev: change ${at.startZone} and see it at once`,
    'Ctrl-C saves and stops everything',
  ]
  return `\nWaystone is up.\n\n${table}\n\nTry:\n${tries.map((line) => `  - ${line}`).join('\n')}\n`
}
