// What kind of entity there is: its body, its components, and what the game does with it. The core has two
// kinds; a game adds its own.
import type { Component } from '#shared/components/component.ts'
import { Appearance, Name } from '#shared/components/core.ts'
import type { BodyKind } from '#shared/components/schema.ts'
import type { Archetype, EntityHandle, Handlers, PlayerHandle } from './zone.ts'

export type ArchetypeOptions = Handlers & {
  /**
   * A walker walks or strays, stopped by walls. A projectile flies straight on, and is told to viewers once. A
   * sensor stands, also in walls, and is told when a player touches it.
   */
  body: 'walker' | 'projectile' | 'sensor'
  parts?: readonly Component[]
  /** Metres, 0.05 to 5; 0.5 by default. */
  radius?: number
  collides?: readonly Archetype[]
}

/** What every entity has. */
export const commonParts: readonly Component[] = [Appearance, Name]

const archetypeName = /^[a-z][a-z0-9_]{0,31}$/

/**
 * Declares a kind of entity. If the content has a creature of this id, its looks, radius, speed and straying
 * come from there, and those that the content puts into a zone are of this archetype. Throws a RangeError for
 * what fits no entity.
 */
export function archetype(
  name: string,
  { body, parts = [], radius = 0.5, collides = [], ...handlers }: ArchetypeOptions,
): Archetype {
  const refuse = (why: string): never => {
    throw new RangeError(`archetype ${name}: ${why}`)
  }
  if (!archetypeName.test(name)) refuse('this is no content id')
  if ([Players, Creatures, Walls].some((core) => core.name === name)) refuse('the core has it')
  if (!(radius >= 0.05 && radius <= 5)) refuse(`the radius is ${radius}, it is 0.05 to 5 m`)
  if (body !== 'projectile' && (collides.length > 0 || handlers.hit || handlers.ended)) {
    refuse('only a projectile collides')
  }
  if (body !== 'sensor' && handlers.touched) refuse('only a sensor is touched')
  return { name, body, parts, radius, collides: new Set(collides), handlers }
}

function ofCore<E>(name: string, body: BodyKind): Archetype<E> {
  return { name, body, parts: [], radius: 0.5, collides: new Set(), handlers: {} }
}

/** Characters of people. */
export const Players = ofCore<PlayerHandle>('player', 'player')

/** Creatures of the content for which a game declares nothing. */
export const Creatures = ofCore<EntityHandle>('creature', 'walker')

/** Walls and the edge of the zone, for `collides`. No entity of a zone is of it. */
export const Walls = ofCore<EntityHandle>('walls', 'sensor')
