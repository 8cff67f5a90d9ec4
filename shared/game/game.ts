// A game registers one object, the export of `#game`. zoneGame (gameserver/sim/rules.ts) makes its part for
// zones, `routes` below its routes. So a game imports nothing but `shared` and the simulation, and the core
// can grow without a change to a game.
import type { Domain, Endpoint, Handler, Handlers } from '../api/endpoint.ts'
import type { Schema } from '../components/schema.ts'
import type { Content } from '../content/content.ts'
import type { ContentKind } from '../content/kind.ts'
import { effectKindMaxChars, talliesMax } from '../limits.ts'
import type { Person, PersonalEntry } from '../person.ts'
import type { Tally } from '../rules/tally.ts'
import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { EffectKind } from './effect.ts'

/** What handlers of a game are given. Keys of its rows begin with `gameKey`. */
export type GameDeps = { store: Store; runtime: Runtime; content: Content }

export type GameRoutes = {
  domain: Domain
  handlers: (deps: GameDeps) => Record<string, Handler<Endpoint>>
}

/** What a game keeps of players in rows of its own, as domains say it (functions/http/personal.ts). */
export type GamePersonal = {
  /** In an order that is the same each time. */
  export: (deps: Omit<GameDeps, 'content'>, person: Person) => AsyncIterable<PersonalEntry>
  /** May be called again at any time, and then does nothing more. */
  erase: (deps: Omit<GameDeps, 'content'>, person: Person) => Promise<void>
}

/** What the core knows of the part for zones without the simulation. */
type ZonePart = { readonly schema: Schema }

export type Game<Zone extends ZonePart = ZonePart> = {
  /** Folder with game.json, zones/, creatures/, races/ and jobs/. */
  content: string
  /** Kinds of content that it has beside these, each with a folder there. */
  contentKinds?: readonly ContentKind[]
  /** Messages and systems of its zones. */
  zone: Zone
  /** What its zones may make durable. */
  effects?: readonly EffectKind[]
  /** Numbers that its zones add to; their effects and routes come with them. */
  tallies?: readonly Tally[]
  /** As soon as it has rows of its own that name a player. Tallies are the core's. */
  personal?: GamePersonal
  /** Routes of its own, each under /v1/game/. */
  routes: readonly GameRoutes[]
}

/** Routes of the core for a game's tallies. */
const talliesPath = '/v1/game/realms/{realmId}/tallies/'

/** A game with everything in place. Throws when a route lies where the core's may come to lie. */
export function defineGame<Zone extends ZonePart>(game: Game<Zone>): Game<Zone> {
  for (const { domain } of game.routes) {
    if (!/^game(?:[A-Z]\w*)?$/.test(domain.name)) {
      throw new Error(`the domain ${domain.name} must be named game or gameSomething`)
    }
    for (const [name, { path }] of Object.entries(domain.endpoints)) {
      if (path.startsWith(talliesPath)) {
        throw new Error(`${domain.name}.${name}: the path ${path} is for the core's routes`)
      }
      if (path.startsWith('/v1/game/')) continue
      throw new Error(`${domain.name}.${name}: the path ${path} must begin with /v1/game/`)
    }
  }
  const tallies = game.tallies ?? []
  if (tallies.length > talliesMax) throw new Error(`${tallies.length} tallies are too many`)
  if (new Set(tallies.map(({ name }) => name)).size < tallies.length) {
    throw new Error('two tallies have one name')
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

/**
 * Begins the partition keys of a game's rows in the table `core`. The core writes there what the game has
 * registered, under names that begin with `TALLY#`, and nothing else.
 */
export function gameKey(realmId: string, name: string): string {
  return `R#${realmId}#GAME#${name}`
}
