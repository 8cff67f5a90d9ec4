// What a game says to the page: what keys and buttons do, what is shown of components, and how things look that
// content does not say. Types are inferred: a field that a component does not have is a type error.
import type { Api } from '#shared/api/api.ts'
import type { ApiClient } from '#shared/api/client.ts'
import type { Domain } from '#shared/api/endpoint.ts'
import type { Component } from '#shared/components/component.ts'
import type { Field, Shape, ValueOf } from '#shared/components/fields.ts'
import type { Tally } from '#shared/rules/tally.ts'
import type { Session } from '../library/session.ts'
import type { Drawn } from '../library/view.ts'
import type { ZoneClient } from '../library/zone-client.ts'
import type { Pen } from './pen.ts'
import type { Playing } from './resume-store.ts'
import type { AimBy } from './aims.ts'
import type { Look } from './looks.ts'

/** A message of the game, either way. */
export type GameMessage = { kind: string; [field: string]: unknown }

export type Domains = Readonly<Record<string, Domain>>

/** What the hooks of a game are given. `A`: the game's own routes. */
export type Page<A extends Domains = Domains> = {
  /** The zone: who is seen, where oneself is, what is sent. Positions are units; `toMetres` makes metres. */
  readonly world: ZoneClient
  readonly session: Session
  /** Calls the core's routes and the game's where the realm is served, with the player's log-in. */
  readonly api: ApiClient<Api & A>
  /** The realm, and the character that is played. */
  readonly realm: Readonly<Playing>
  /** Shows a bubble over an entity for a few seconds. */
  say(entityId: number, text: string): void
  /** Writes a line into the log. */
  note(text: string): void
}

/** What a panel may show of the player. */
export type Own = {
  /** Undefined while the player does not have the component, or is not told of it. */
  read<S extends Shape>(component: Component<S>): ValueOf<S> | undefined
  /** Undefined until the server has said it. */
  total(tally: Tally): number | undefined
}

export type Shown = string | number | boolean | undefined

/** What a key or its button does. */
export type Binding<A extends Domains = Domains> =
  | {
      /** An ability, or its name. */
      ability: string | { readonly name: string }
      /** By default `pointer`. What aims at nothing needs none. */
      aim?: AimBy
      /** By default the name of the ability. */
      label?: string
    }
  | {
      label: string
      /** May return a promise. A refusal by the API or the zone is shown as a note. */
      act: (page: Page<A>) => unknown
    }

/** A component with a number `now`; `most`, or else the first value of `now`, is the full bar. */
export type BarComponent = Component<{ readonly now: Field<number> }>

export type PageGame<A extends Domains = Domains> = {
  /** What the page shows before the player has chosen anything. */
  title: string
  /** One line under the title on the first screen. */
  about?: string
  /** The game's own routes, by the name under which `page.api` has them. */
  api?: A
  /** By key (`event.code`). A key that also walks does this instead. Each has a button too. */
  bind?: Readonly<Record<string, Binding<NoInfer<A>>>>
  /** A small panel of the player's own: values by their labels. Those that are undefined are left out. */
  panel?: (own: Own) => Readonly<Record<string, Shown>>
  /** Drawn over each entity that has the component, while it is not full. */
  bars?: readonly BarComponent[]
  /** By id of the job, `#rrggbb`: a player's body has the colour of the race, the clothes that of the job. */
  colors?: Readonly<Record<string, string>>
  /**
   * By appearance (the id of a creature in the content) or by archetype; the appearance comes first. Without
   * one, creatures of the content are drawn plain, projectiles as sparks, all else as discs.
   */
  shapes?: Readonly<Record<string, Look>>
  /** A message of the game has come. Its own schema says whether it is sound. */
  message?: (page: Page<NoInfer<A>>, message: GameMessage) => void
  /** Somebody or something comes into view. The player does not: `page.world.on('zone', …)` tells of that. */
  entered?: (page: Page<NoInfer<A>>, entity: Drawn) => void
  /** It is out of view; `entity` is as it was last seen. */
  left?: (page: Page<NoInfer<A>>, entity: Drawn) => void
  /** Draws over the ground and the bodies, in metres. Each frame begins with nothing drawn. */
  draw?: (page: Page<NoInfer<A>>, pen: Pen) => void
}

/** The browser half of a game: the export `page` of its page.ts. */
export function pageGame<const A extends Domains = Api>(page: PageGame<A>): PageGame {
  // The page calls the hooks with a client that has the routes of `api`, as their types say.
  return page as unknown as PageGame
}
