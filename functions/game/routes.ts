// The game's own routes, mounted like any domain of the core: limits, tokens, schemas, operation ids and
// the reference page come with the declaration.
import { game } from '#game'
import type { Domain } from '#shared/api/endpoint.ts'
import type { GameDeps } from '#shared/game/game.ts'
import { mount } from '../http/serve.ts'
import type { Mounted } from '../http/serve.ts'

export const gameDomains: readonly Domain[] = game.routes.map(({ domain }) => domain)

export function mountGame(deps: GameDeps): Mounted[] {
  return game.routes.map(({ domain, handlers }) => mount(domain, handlers(deps)))
}
