// A kind of control message: the schema for clients, the schema for the server, and the handler.
//
// A message is checked and counted when it comes in, and waits for the next step. The step handles it like
// any other input. So a handler may change the world as a system does, and a recorded run repeats.
import type { GameEntity, GameWorld } from './world.ts'

/** The part of a zod schema that the simulation needs. */
export type Schema<T> = {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

/** Sends messages of the same kind. They leave after the frames of the step: clients know all entities then. */
export type Send<T> = {
  /** To the player alone. */
  reply(body: T): void
  /** Sends to all players who see the player, and to the player himself. */
  broadcast(body: T): void
}

export type MessageOptions<In, Out> = {
  /** The core's own, or `game.` and a name of the game's choice. */
  kind: string
  /** The fields beside `kind` that a client may send: a strict object, with a bound on every text. */
  toServer: Schema<In>
  /** The fields beside `kind` that clients are sent. A body that does not fit is logged instead. */
  toClient: Schema<Out>
  /** For one player: so many at once, and how fast they come back. */
  rate: { burst: number; perSecond: number }
  /** Runs in the step. No clock, no I/O; chance is `world.random`. */
  handle(world: GameWorld, player: GameEntity, body: In, send: Send<Out>): void
}

/** A kind without its types: only values that its own schema accepted reach its handler. */
export type Message = MessageOptions<unknown, unknown>

/** Checks that handler and schemas agree. */
export function message<In, Out>(options: MessageOptions<In, Out>): Message {
  return options
}
