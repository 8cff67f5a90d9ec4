// What the tabs of the panel of people share.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Presence } from '#shared/api/friends.ts'
import { button, element } from '../element.ts'
import type { Playing } from '../resume-store.ts'

export type TabContext = {
  api: ApiClient<Api>
  playing: Playing
  /** Does something, shows why not, and draws the tab anew. */
  act(what: () => Promise<unknown>): void
}

export type Tab = {
  title: string
  element: HTMLElement
  /** Asks the server and draws. Fails with ApiError. Answers how much waits for the player. */
  refresh(): Promise<number>
}

/** A line of a list: what it is, more about it, and what can be done. */
export function line(
  text: string,
  about: string,
  choices: readonly { label: string; choose: () => void }[],
): HTMLElement {
  const who = element('div', { class: 'who', text })
  if (about !== '') who.append(element('small', { text: about }))
  const buttons = choices.map(({ label, choose }) => button(label, choose))
  return element('div', { class: 'character' }, who, ...buttons)
}

/** A heading with lines, or nothing when there are none. */
export function section(title: string, lines: readonly HTMLElement[]): HTMLElement[] {
  return lines.length === 0 ? [] : [element('h2', { text: title }), ...lines]
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
