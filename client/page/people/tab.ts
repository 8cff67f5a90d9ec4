// What the tabs of the panel of people share.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Presence } from '#shared/api/friends.ts'
import type { Playing } from '../resume-store.ts'
import type { Act } from '../tabs.ts'

export type TabContext = {
  api: ApiClient<Api>
  playing: Playing
  act: Act
}

/** `zoneName`: what players call a zone. */
export function presenceWords(
  { name, presence }: { name: string; presence?: Presence | undefined },
  zoneName: (id: string) => string,
): string {
  if (presence?.state === 'lobby') {
    return `Here, not in the world${presence.status === undefined ? '' : `: ${presence.status}`}`
  }
  if (presence?.state !== 'online') return presence?.state === 'offline' ? 'Not in the world' : ''
  const as = presence.name === name ? '' : `as ${presence.name} `
  const status = presence.status === undefined ? '' : `: ${presence.status}`
  return `${as}in ${zoneName(presence.zone)}${status}`
}
