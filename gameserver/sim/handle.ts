// What a game holds of an entity: one object for as long as the entity lives, read through to it. A class,
// because private fields alone keep a game from what lies behind: nobody outside of the core writes a
// position, a cell or a list.
import { speedStep, stepsOf, unitsPerMetre } from '#shared/rules/units.ts'
import { nameOf } from './slots.ts'
import type { Entity, World } from './world.ts'
import type { Archetype, PlayerHandle } from './zone.ts'

/**
 * Why a zone refuses a call. `gone`: the entity has despawned. `outside`: a part of the body would lie outside of
 * the zone. `blocked`: a wall is there. `full`: there are as many as there can be. `closed`: no step is under way,
 * as after an `await`.
 */
export type RefusalCode = 'gone' | 'outside' | 'blocked' | 'full' | 'closed'

/** A zone refuses a call. Uncaught it costs the game the handler that made it. */
export class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }
}

const fullTurn = 2 * Math.PI

/** Radians, 0 to 2 pi, of a heading of 0 to 65,535. */
export function radiansOf(heading: number): number {
  return (heading / 65_536) * fullTurn
}

/** The heading of a direction in radians, any finite number. */
export function headingOf(radians: number): number {
  return Math.round((radians / fullTurn) * 65_536) & 0xffff
}

class Handle implements PlayerHandle {
  readonly #world: World
  readonly #entity: Entity

  constructor(world: World, entity: Entity) {
    this.#world = world
    this.#entity = entity
  }

  get id(): number {
    return this.#entity.id
  }
  get x(): number {
    return this.#entity.x / unitsPerMetre
  }
  get y(): number {
    return this.#entity.y / unitsPerMetre
  }
  get heading(): number {
    return radiansOf(this.#entity.heading)
  }
  get speed(): number {
    return (stepsOf(this.#entity.speed) * speedStep) / unitsPerMetre
  }
  get is(): Archetype {
    return this.#entity.archetype
  }
  get name(): string {
    // Right after it has gone its slot still says it; later another one may have the slot.
    const here = this.#world.slots[this.#entity.id & 0xffff]
    return here === undefined || here === this.#entity ? nameOf(this.#world, this.#entity) : ''
  }
  get characterId(): string {
    return this.#entity.who?.characterId ?? ''
  }
  get accountId(): string {
    return this.#entity.who?.accountId ?? ''
  }

  static behind(world: World, handle: unknown): Entity | undefined {
    const known = typeof handle === 'object' && handle !== null && #world in handle
    return known && handle.#world === world ? handle.#entity : undefined
  }
}

/** What a game is given of an entity. */
export function handleOf(world: World, entity: Entity): PlayerHandle {
  return (entity.handle ??= new Handle(world, entity))
}

/** The entity behind a handle, also one that is gone. Undefined for anything else. */
export function behind(world: World, handle: unknown): Entity | undefined {
  return Handle.behind(world, handle)
}
