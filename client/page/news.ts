// What the player reads of what happens: arrivals, the state of the connection, chat, refusals.
import { ApiError } from '#shared/api/client.ts'
import { waitingWords } from '../library/login-queue.ts'
import type { RequestRefusal } from '../library/requests.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { ZoneClientState } from '../library/zone-client-state.ts'
import type { Hud } from './hud.ts'
import { words, wordsOf } from './words.ts'

/** `arrived`: the player is in another zone than before. */
export function showNews(
  client: ZoneClient,
  hud: Hud,
  options: { title: string; help: readonly string[]; arrived: () => void },
): void {
  const banner = () => hud.banner(stateWords(client.state) || (client.savingPaused ? saving : ''))
  banner()
  client.on('state', banner)
  client.on('saving', banner)
  let shownZone = ''
  client.on('zone', ({ content: zone }) => {
    if (zone.id === shownZone) return
    shownZone = zone.id
    options.arrived()
    hud.arrival(zone.name)
    hud.note(`You are in ${zone.name}.`)
    document.title = `${zone.name} · ${options.title}`
    for (const line of options.help) hud.note(line)
  })
  client.on('chat', ({ name, text }) => hud.line(name, text))
  client.on('announce', ({ text }) => hud.note(`To everybody: ${text}`))
  client.on('refused', ({ of, code }) => hud.note(refusalWords(of, code)))
}

/** How to get about. `keys`: what the game has bound. */
export function helpLines(
  touches: boolean,
  keys: readonly { key: string; label: string }[],
): string[] {
  if (touches) return ['Hold a finger where you want to go. Zoom with two fingers.']
  const lines = ['Walk with W A S D, the arrow keys, or with a mouse button held down.']
  if (keys.length > 0) {
    lines.push(`Keys: ${keys.map(({ key, label }) => `${key} ${label}`).join(', ')}.`)
  }
  return lines
}

/** What stands on the key of an `event.code`. */
export const keyName = (code: string) => code.replace(/^(Digit|Key)/, '')

/** `of`: the kind of message that the zone has refused. */
export function refusalWords(of: string, code: RequestRefusal): string {
  if (code === 'paused') return 'The world is paused just now.'
  if (code === 'muted') return 'You are muted: others do not read you. People, Rules says why.'
  if (of !== 'chat.nearby')
    return code === 'rate' ? 'You do that too often.' : 'That is not possible now.'
  return code === 'rate'
    ? 'You write too fast. Your line was not sent.'
    : 'This line is not allowed.'
}

/** Why a gate to a private zone does not open. */
export function gateWords(error: unknown): string {
  const isLed = error instanceof ApiError && error.code === 'party.not_leader'
  return isLed ? 'The gate opens when the leader of your party has gone through.' : wordsOf(error)
}

const saving = 'Saving is paused. You can play on.'

/** Reasons to wait that pass by themselves. */
const WAITS = new Set(['play.session_active', 'world.full'])
const RECONNECTS: Record<string, string> = {
  network: 'The server does not answer. Trying again…',
  'store.unavailable': 'The server admits no player just now. Trying again…',
  'host.shutdown': 'The world moves to another machine. Reconnecting…',
}

/** Empty when there is nothing to say. */
function stateWords(state: ZoneClientState): string {
  switch (state.phase) {
    case 'entering':
    case 'connecting':
      return 'Entering the world…'
    case 'waiting':
      return waitingWords(state)
    case 'travelling':
      return 'Travelling…'
    case 'reconnecting':
      return WAITS.has(state.why) ? words(state.why) : (RECONNECTS[state.why] ?? 'Reconnecting…')
    case 'joined':
    case 'closed':
      return ''
  }
}
