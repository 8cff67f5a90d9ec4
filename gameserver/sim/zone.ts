// The zone as a game sees it: the only way in which a game reads and changes the world. Metres, seconds and
// radians outside, units, ticks and headings inside (facade.ts); never a clock.
//
// What a zone refuses it refuses by name, as a Refusal, where the call is made; what no call can mean (a number
// that is none, a component that is not registered) throws a RangeError. Both cost the game the handler that
// made the call, and nothing else. `has` and `canStand` ask before.
import type { Component } from '#shared/components/component.ts'
import type { Shape, ValueOf } from '#shared/components/fields.ts'
import type { BodyKind } from '#shared/components/schema.ts'
import type { ContentKind, Entry } from '#shared/content/kind.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import type { Message } from '#shared/protocol/message.ts'

/** A position in metres. */
export type At = { readonly x: number; readonly y: number }

/** An entity. When it is gone, its last position can still be read, and nothing else be done with it. */
export type EntityHandle = At & {
  /** No other entity has it for at least four minutes. */
  readonly id: number
  /** Radians, 0 to 2 pi: 0 is +x, pi / 2 is +y. */
  readonly heading: number
  /** Metres a second, as of its latest step. */
  readonly speed: number
  readonly is: Archetype
  /** What is written over it. */
  readonly name: string
}

/** A player. */
export type PlayerHandle = EntityHandle & {
  readonly characterId: string
  readonly accountId: string
}

/**
 * What a game does with entities of an archetype. Each call is guarded on its own: one that throws is
 * reported with its entity, and costs nothing but itself. No clock, no I/O, nothing awaited.
 */
export type Handlers<E = EntityHandle> = {
  /** Once, before the first `each`. */
  spawned?(zone: Zone, self: E): void
  /** In each step. */
  each?(zone: Zone, self: E): void
  /**
   * A projectile meets something of `collides`, the nearest first; then it despawns. A wall is an entity too,
   * with `is === Walls` and the place of the impact.
   */
  hit?(zone: Zone, self: E, other: EntityHandle): void
  /** A projectile has flown its range, or left the zone; then it despawns. */
  ended?(zone: Zone, self: E): void
  /** A player has come into the radius of a sensor: once each time he comes in. */
  touched?(zone: Zone, self: E, player: PlayerHandle): void
}

export type Archetype<E = EntityHandle> = {
  /** Of a creature or a thing of the content: its id there. */
  readonly name: string
  readonly body: BodyKind
  /** Besides those that all have, and those of characters, which all players have. */
  readonly parts: readonly Component[]
  /** Metres; the content's radius goes before it. */
  readonly radius: number
  /** What a projectile hits. */
  readonly collides: ReadonlySet<Archetype>
  readonly handlers: Handlers<E>
}

export type Timer<D = unknown> = {
  readonly name: string
  run(zone: Zone, data: D): void
}

/** One time at which an event happens. */
export type EventOccurrence = {
  /** Names it for good, in all copies of the zone and after each change of hosts: an id for effects. */
  readonly id: string
  /** Unix ms. */
  readonly startsAt: number
  readonly endsAt: number
  /** Seconds since it began: 0, or more in a copy of the zone that opened meanwhile. */
  readonly since: number
}

export type WorldEventHandlers = {
  /** Once for each occurrence, in each copy of the zone. */
  begins?(zone: Zone, occurrence: EventOccurrence): void
  ends?(zone: Zone, occurrence: EventOccurrence): void
}

export type HandledEvent = WorldEventHandlers & { readonly event: string }

/** How a player walks: metres a second, and half the side of his body in metres. */
export type Gait = { readonly speed: number; readonly radius: number }

/** How a projectile flies: radians, metres a second (at most 32.35), metres. */
export type Flight = { readonly heading: number; readonly speed: number; readonly range: number }

export type Zone = {
  /** Of the zone in the content. */
  readonly id: string
  /** Of this running copy. */
  readonly instance: string
  /** How hard it is to be: one of those that the content names for a private zone. Undefined where it names none. */
  readonly difficulty: string | undefined
  readonly seed: number
  /** The match of a queue that is played here; undefined where a party came by itself, and in shared zones. */
  readonly match: PlayedMatch | undefined
  /** Seconds since this copy began, by its steps. */
  readonly now: number
  /** Metres. */
  readonly width: number
  readonly height: number
  readonly spawnPoint: At
  /** What the game keeps from step to step: plain data. */
  readonly state: Record<string, unknown>
  /** The entries of a kind that the game has declared, by id, as the content has them now. */
  content<T extends Entry>(kind: ContentKind<T>): ReadonlyMap<string, T>
  /** A whole number from `low` to `high`, both included. The seed decides it. */
  random(low: number, high: number): number

  /** Makes an entity, with a heading of 0 unless one is given. Refused: `outside`, `blocked` (walkers), `full`. */
  spawn(what: Archetype, at: At, heading?: number): EntityHandle
  /** Launches a projectile from where an entity is; it never meets that one. Refused: `gone`, `full`. */
  launch(what: Archetype, from: EntityHandle, flight: Flight): EntityHandle
  /** Removes an entity; the stay of a player ends. False when it is gone already. */
  despawn(entity: EntityHandle): boolean
  /** Puts an entity elsewhere, however far. A gate there works once it has left it. Refused: `gone`, `outside`, `blocked`. */
  place(entity: EntityHandle, at: At, heading?: number): void
  /** Whether an entity is in the zone. */
  has(entity: EntityHandle): boolean
  /** Whether `spawn` or `place` would be refused there. */
  canStand(what: Archetype | EntityHandle, at: At): boolean

  /** The values of a component. Refused: `gone`. */
  get<S extends Shape>(entity: EntityHandle, component: Component<S>): ValueOf<S>
  /** One value of a component, without an object made. Refused: `gone`. */
  read<S extends Shape, F extends keyof S & string>(
    entity: EntityHandle,
    component: Component<S>,
    field: F,
  ): ValueOf<S>[F]
  /** Sets fields of a component: all that are named, or none. Those who may know are told. Refused: `gone`. */
  set<S extends Shape>(entity: EntityHandle, component: Component<S>, to: Partial<ValueOf<S>>): void

  /**
   * Puts a player into the party of this number, instead of the one before; 0 for none. Its members are told of one
   * another's components with the audience `party`. Refused: `gone`, `full`.
   */
  setParty(player: EntityHandle, number: number): void

  /** All of an archetype. */
  all<E>(what: Archetype<E>): readonly E[]
  /** Those within a radius, besides `of` itself. */
  near<E>(of: At, metres: number, what: Archetype<E>): readonly E[]
  nearest<E>(of: At, metres: number, what: Archetype<E>): E | undefined
  /** The entity with an id, as data keep it; undefined when it is gone. */
  find(id: number): EntityHandle | undefined
  /** The player of a character; undefined when he is not here. */
  player(characterId: string): PlayerHandle | undefined

  /**
   * A player's speed of walking is multiplied for a time: 0.5 is half of it, 1.5 half as much again. The latest
   * counts. Players predict this and what follows, so it takes effect after the round trip of the player, half a
   * second at most. Refused: `gone`.
   */
  slow(player: EntityHandle, factor: number, seconds: number): void
  /** A player does not walk or dash for a time; 0 ends that. Refused: `gone`. */
  root(player: EntityHandle, seconds: number): void
  /** A player moves in a direction for a time, whatever he does; walls stop him. Refused: `gone`. */
  push(player: EntityHandle, radians: number, metresPerSecond: number, seconds: number): void
  /** A player has another speed and radius until they change again; without `gait` those of all. Refused: `gone`. */
  mount(player: EntityHandle, gait?: Gait): void
  /** Ends what a player casts, without effect. False when he casts nothing. Refused: `gone`. */
  interrupt(player: EntityHandle): boolean
  /** Makes a walker go towards a position in one step, along walls, with no search for a way. Refused: `gone`. */
  walkTowards(entity: EntityHandle, to: At, metresPerSecond: number): void
  /** Makes a walker stand for a time, perhaps facing a position; then it strays on. Refused: `gone`. */
  stand(entity: EntityHandle, seconds: number, facing?: At): void
  /** True at the first call and then once in so many seconds, for each entity and name. Refused: `gone`, `full`. */
  every(entity: EntityHandle, seconds: number, turn?: string): boolean
  /** Runs a timer of the game in so many seconds, with plain data. Refused: `full`. */
  after<D>(seconds: number, timer: Timer<D>, ...data: D extends undefined ? [] : [D]): void

  /**
   * Asks for something durable: once for each id, however often it is asked for. An id names a fact, for good;
   * entity ids and times name one in the player's present stay (`per`). Refused: `gone`.
   */
  effect(
    player: EntityHandle,
    effect: { readonly kind: string; readonly body: unknown },
    once: string,
    per?: 'stay',
  ): void
  /**
   * Says how the match has ended: the place of each team by its name, 1 for the first, equal ones for a draw. It
   * counts once, also when this host dies at that moment; members are sent their place and their new rating when it
   * has counted. False: no match is played here, it was said before, or no member is here any more.
   */
  result(places: Readonly<Record<string, number>>): boolean
  /** Ends this private copy in so many seconds: who is in comes back to where he came from. The latest call counts. */
  close(seconds: number): void
  /** Sends a message to one player. Refused: `gone`. */
  send<Out>(player: EntityHandle, message: Message<unknown, Out>, body: Out): void
  /** Sends a message to all players who see an entity; if it is a player, to him too. Refused: `gone`. */
  broadcast<Out>(entity: EntityHandle, message: Message<unknown, Out>, body: Out): void
}
