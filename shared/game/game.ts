// A game registers one object, the export of `#game`. zoneRules (gameserver/sim/rules.ts) makes its part for
// zones, `routes` below its routes. So a game imports nothing but `shared` and the simulation, and the core
// can grow without a change to a game.
import type { Domain, Endpoint, Handler, Handlers } from '../api/endpoint.ts'
import type { Content } from '../content/content.ts'
import { effectKindMaxChars } from '../limits.ts'
import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { EffectKind } from './effect.ts'

/** What handlers of a game are given. Keys of its rows begin with `gameKey`. */
export type GameDeps = { store: Store; runtime: Runtime; content: Content }

export type GameRoutes = {
  domain: Domain
  handlers: (deps: GameDeps) => Record<string, Handler<Endpoint>>
}

export type Game<Zone> = {
  /** Folder with game.json, zones/, creatures/, races/ and jobs/. */
  content: string
  /** Messages and systems of its zones. */
  zone: Zone
  /** What its zones may make durable. */
  effects?: readonly EffectKind[]
  /** Routes of its own, each under /v1/game/. */
  routes: readonly GameRoutes[]
}

/** A game with everything in place. Throws when a route lies where the core's may come to lie. */
export function defineGame<Zone>(game: Game<Zone>): Game<Zone> {
  for (const { domain } of game.routes) {
    if (!/^game(?:[A-Z]\w*)?$/.test(domain.name)) {
      throw new Error(`the domain ${domain.name} must be named game or gameSomething`)
    }
    for (const [name, { path }] of Object.entries(domain.endpoints)) {
      if (path.startsWith('/v1/game/')) continue
      throw new Error(`${domain.name}.${name}: the path ${path} must begin with /v1/game/`)
    }
  }
  const kinds = new Set<string>()
  for (const { kind } of game.effects ?? []) {
    if (!kind.startsWith('game.')) throw new Error(`the effect ${kind} must begin with "game."`)
    if (kind.length > effectKindMaxChars) throw new Error(`the name of ${kind} is too long`)
    if (kinds.has(kind)) throw new Error(`the effect ${kind} is registered twice`)
    kinds.add(kind)
  }
  return game
}

/** A declared domain with the function that makes its handlers. Checks that each endpoint has a handler. */
export function routes<D extends Domain>(
  domain: D,
  handlers: (deps: GameDeps) => Handlers<D>,
): GameRoutes {
  return { domain, handlers }
}

/** Begins the partition keys of a game's rows in the table `core`: no row of ours ever lies there. */
export function gameKey(realmId: string, name: string): string {
  return `R#${realmId}#GAME#${name}`
}
