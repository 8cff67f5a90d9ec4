// Runs what a game has written for the page: its bindings, panel and hooks. All of it runs behind the guard.
import { ApiError } from '#shared/api/client.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Api } from '#shared/api/api.ts'
import type { RequestRefused } from '../library/requests.ts'
import type { Session } from '../library/session.ts'
import type { ResultAnswer } from '#shared/rules/played-match.ts'
import { read } from '../library/view.ts'
import type { Drawn } from '../library/view.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import { aimOf, nameOf, refusalWord } from './aims.ts'
import type { AimBy } from './aims.ts'
import type { Domains, Own, Page, PageGame } from './game.ts'
import { createGuard } from './guard.ts'
import type { Hud } from './hud.ts'
import { refusalWords } from './news.ts'
import type { Pen } from './pen.ts'
import { createPresence } from './presence.ts'
import type { Playing } from './resume-store.ts'
import { panelRows } from './shown.ts'
import { createTotals } from './totals.ts'
import { wordsOf } from './words.ts'

export type GamePage = {
  /** Does what is bound to a key; false when nothing is. */
  act(code: string): boolean
  /** Once a frame, with all others as they are drawn in it. */
  frame(drawn: readonly Drawn[], pen: () => Pen): void
}

export type GamePageDeps = {
  game: PageGame
  client: ZoneClient
  session: Session
  api: ApiClient<Api & Domains>
  realm: Playing
  hud: Pick<Hud, 'note' | 'panel' | 'waiting'>
  say: (entityId: number, text: string) => void
  /** A short word beside the player. */
  word: (text: string) => void
  /** Where the player aims, in units. */
  pointer: () => { x: number; y: number } | undefined
}

export function runGame(deps: GamePageDeps): GamePage {
  const { game, client, session, api, realm, hud, say } = deps
  const page: Page = { world: client, session, api, realm, say, note: hud.note }
  const guard = createGuard((text, error) => {
    console.error(text, error)
    hud.note(text)
  })
  const totals = createTotals(api.tallies, realm, console.error)
  const own: Own = {
    read(component) {
      const self = client.self()
      const known = self && client.entity(self.id)
      return known && read(known, component)
    },
    total: totals.total,
  }
  const seen = createPresence({
    entered: (entity) => guard.run('entered', () => game.entered?.(page, entity)),
    left: (entity) => guard.run('left', () => game.left?.(page, entity)),
  })
  let instance: string | undefined
  client.on('zone', (arrived) => {
    if (arrived.instance !== instance) seen([])
    instance = arrived.instance
    totals.joined()
  })
  client.on('tally', totals.changed)
  // A host that died may have told it before; the next one tells it again.
  let latest: string | undefined
  client.on('result', (result) => {
    if (result.match === latest) return
    latest = result.match
    hud.note(resultWords(result))
  })
  client.on('message', (message) => {
    guard.run('message', () => game.message?.(page, message))
  })
  client.on('used', ({ refused }) => {
    if (refused !== undefined) deps.word(refusalWord(refused))
  })
  const abilities = Object.entries(game.bind ?? {}).flatMap(([code, binding]) =>
    'ability' in binding ? [{ code, name: nameOf(binding.ability) }] : [],
  )
  return {
    act(code) {
      const binding = game.bind?.[code]
      if (binding === undefined) return false
      if ('ability' in binding) {
        useAbility(deps, nameOf(binding.ability), binding.aim ?? 'pointer')
        return true
      }
      guard.start(
        `bind.${code}`,
        () => binding.act(page),
        (refusal) => hud.note(refusalText(refusal)),
      )
      return true
    },
    frame(drawn, pen) {
      if (game.entered || game.left) seen(drawn)
      if (game.draw) guard.run('draw', () => game.draw?.(page, pen()))
      for (const { code, name } of abilities) hud.waiting(code, waitLeft(client, name))
      if (game.panel) hud.panel(guard.run('panel', () => panelRows(game.panel!(own))) ?? [])
    },
  }
}

/** Uses an ability of the zone, or says beside the player why not. */
function useAbility({ client, pointer, word }: GamePageDeps, name: string, by: AimBy): void {
  const [self, told] = [client.self(), client.ability(name)]
  if (self === undefined) return
  if (told === undefined) return word(refusalWord('unknown'))
  const others = client.seen()
  const aim = aimOf(told.aim, by, { self, pointer: pointer(), others, range: told.range })
  if (aim === undefined) return word(refusalWord('target'))
  const answer = client.use(name, aim)
  if ('refused' in answer) word(refusalWord(answer.refused))
}

/** How much of an ability's cool-down is left, 0 to 1. */
function waitLeft(client: ZoneClient, name: string): number {
  const wait = client.ability(name)?.cooldownMs ?? 0
  return wait === 0 ? 0 : Math.min(1, ((client.readyIn(name) ?? 0) * 1000) / wait)
}

/** What the game has said of its own refusal, else the words of the core. */
function refusalText(refusal: ApiError | RequestRefused): string {
  if (!(refusal instanceof ApiError)) return refusalWords('', refusal.code)
  const detail = refusal.document?.['detail']
  return refusal.code.startsWith('game.') && typeof detail === 'string' ? detail : wordsOf(refusal)
}

/** How a match has ended for the player. */
function resultWords({ place, teams, before, after }: ResultAnswer): string {
  const won =
    teams === 1
      ? 'You have done it!'
      : place === 1
        ? 'You have won!'
        : `You are ${place}. of ${teams}.`
  if (before === undefined || after === undefined) return won
  const change = after < before ? `${after - before}` : `+${after - before}`
  return `${won} Your rating: ${after} (${change}).`
}
