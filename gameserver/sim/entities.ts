// Entities: the only ways to make, remove, move and find them, for the core's systems and a game's.
//
// A failure that any game may meet is an outcome with a name: no slot is free, a wall takes the position, the
// entity has despawned. A value that no field can hold is a defect of the caller, and throws.
import type { Component } from '#shared/components/component.ts'
import type { Shape, ValueOf } from '#shared/components/fields.ts'
import { cellUnits, metresToUnits, speedMaxSteps, speedStep } from '#shared/rules/units.ts'
import { getField as readField, getPart, setPart } from './components.ts'
import { addCreature, wanderOf } from './creatures.ts'
import { isPlayer, moveTo, nameOf, removeEntity } from './slots.ts'
import type { Entity, GameEntity, GameWorld, World } from './world.ts'

/** A position in units and, if it matters, a heading of 0 to 65,535. */
export type At = { x: number; y: number; heading?: number }

/** `outside`: a part of the body would lie outside of the zone. `blocked`: a wall is there. */
export type PlaceRefusal = 'outside' | 'blocked'
/** `full`: a zone holds at most 65,536 entities, those that went in the last second included. */
export type SpawnRefusal = PlaceRefusal | 'full'

/**
 * Makes a creature of the content. It strays about its position, unless `strays` is false: then it stands.
 * Throws a RangeError for a creature that the content does not have and for numbers that are not whole.
 */
export function spawn(
  of: GameWorld,
  creatureId: string,
  at: At & { strays?: boolean },
): GameEntity | SpawnRefusal {
  const world = of as World
  const creature = world.creatureKinds.get(creatureId)
  if (creature === undefined) throw new RangeError(`the content has no creature ${creatureId}`)
  const { x, y, heading = 0, strays = true } = at
  const radius = metresToUnits(creature.radius)
  const refused = refusedAt(world, creatureId, { x, y, heading }, radius)
  if (refused !== undefined) return refused
  const made = addCreature(world, creature, { x, y, heading }, false)
  if (made === undefined) return 'full'
  if (strays) made.wander = wanderOf(creature, world.tickHz, x, y, world.tick)
  return made
}

/**
 * Despawns an entity; its viewers see it go. The stay of a player ends with a leave.
 * `gone`: it has despawned already.
 */
export function despawn(of: GameWorld, entity: GameEntity): 'despawned' | 'gone' {
  const world = of as World
  const here = alive(world, entity)
  if (here === undefined) return 'gone'
  removeEntity(world, here)
  world.events.push({ event: 'left', entity: here })
  return 'despawned'
}

/**
 * Places an entity at another position, at any distance. Its course goes on from there. A gate at the new
 * position works only after the entity has left it and walks in. Throws a RangeError for fractions.
 */
export function place(of: GameWorld, entity: GameEntity, at: At): 'placed' | 'gone' | PlaceRefusal {
  const world = of as World
  const here = alive(world, entity)
  if (here === undefined) return 'gone'
  const { x, y, heading = here.heading } = at
  const refused = refusedAt(world, nameOf(world, here), { x, y, heading }, here.radius)
  if (refused !== undefined) return refused
  here.heading = heading
  moveTo(world, here, x, y)
  return 'placed'
}

/** Makes a creature stand for some ticks, with a heading; then it strays on. */
export function stand(
  of: GameWorld,
  creature: GameEntity,
  ticks: number,
  heading = creature.heading,
): 'stands' | 'gone' {
  const world = of as World
  const here = alive(world, creature)
  if (here === undefined || isPlayer(here)) return 'gone'
  checkWhole(nameOf(world, here), { ticks, heading })
  here.speed = 0
  here.heading = heading & 0xffff
  if (here.wander !== undefined) here.wander.until = world.tick + ticks
  return 'stands'
}

/** All entities whose positions lie within a radius, in units. Unseen players are never among them. */
export function near(of: GameWorld, at: { x: number; y: number }, radius: number): GameEntity[] {
  const { x, y } = at
  // Any finite number will do: a radius is often computed.
  if (!Number.isFinite(x) || !Number.isFinite(y) || !Number.isFinite(radius)) {
    throw new RangeError(`nothing is near ${x}, ${y} within ${radius}`)
  }
  const { grid, tickHz } = of as World
  // Cells are as of the last system; since then an entity may have gone on by one step.
  const reach = radius + Math.ceil((speedMaxSteps * speedStep) / tickHz)
  const firstColumn = Math.max(0, Math.floor((x - reach) / cellUnits))
  const lastColumn = Math.min(grid.columns - 1, Math.floor((x + reach) / cellUnits))
  const firstRow = Math.max(0, Math.floor((y - reach) / cellUnits))
  const lastRow = Math.min(grid.rows - 1, Math.floor((y + reach) / cellUnits))
  const found: Entity[] = []
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      for (const entity of grid.cells[column | (row << 8)]!) {
        const dx = entity.x - x
        const dy = entity.y - y
        if (dx * dx + dy * dy <= radius * radius) found.push(entity)
      }
    }
  }
  return found
}

/** The values of a component. Throws a RangeError when the entity does not have it. */
export function get<S extends Shape>(
  of: GameWorld,
  entity: GameEntity,
  component: Component<S>,
): ValueOf<S> {
  return getPart(of.components, entity.id & 0xffff, component)
}

/** One value of a component, without an object made. Throws a RangeError when the entity does not have it. */
export function getField<S extends Shape, F extends keyof S & string>(
  of: GameWorld,
  entity: GameEntity,
  component: Component<S>,
  field: F,
): ValueOf<S>[F] {
  return readField(of.components, entity.id & 0xffff, component, field)
}

/**
 * Sets fields of a component: all that are named, or none. Viewers are told of what changed. Throws a
 * RangeError for a value that the field cannot hold, and when the entity does not have the component.
 */
export function set<S extends Shape>(
  of: GameWorld,
  entity: GameEntity,
  component: Component<S>,
  to: Partial<ValueOf<S>>,
): 'set' | 'gone' {
  if (alive(of as World, entity) === undefined) return 'gone'
  setPart(of.components, entity.id & 0xffff, component, to, of.tick)
  return 'set'
}

/** Sends a control message to one player. */
export function sendTo(
  of: GameWorld,
  to: GameEntity,
  kind: string,
  body: unknown,
): 'sent' | 'gone' {
  return pushMessage(of as World, to, 'self', kind, body)
}

/** Sends a control message to all players who see an entity. If the entity is a player, he gets it too. */
export function broadcast(
  of: GameWorld,
  from: GameEntity,
  kind: string,
  body: unknown,
): 'sent' | 'gone' {
  return pushMessage(of as World, from, 'near', kind, body)
}

function pushMessage(
  world: World,
  entity: GameEntity,
  to: 'self' | 'near',
  kind: string,
  body: unknown,
): 'sent' | 'gone' {
  const from = alive(world, entity)
  if (from === undefined) return 'gone'
  world.events.push({ event: 'message', from, to: from.unseen ? 'self' : to, kind, body })
  return 'sent'
}

function alive(world: World, entity: GameEntity): Entity | undefined {
  const here = world.slots[entity.id & 0xffff]
  return here === entity ? here : undefined
}

/** Throws when the numbers are not whole. */
function refusedAt(
  world: World,
  name: string,
  at: Required<At>,
  radius: number,
): PlaceRefusal | undefined {
  checkWhole(name, at)
  const { x, y, heading } = at
  if ((heading & 0xffff) !== heading) throw new RangeError(`${name}: heading is ${heading}`)
  const inX = x >= radius && x < world.width && x + radius <= world.width
  const inY = y >= radius && y < world.height && y + radius <= world.height
  if (!inX || !inY) return 'outside'
  return world.walls.blocked(x, y, radius) ? 'blocked' : undefined
}

function checkWhole(name: string, numbers: Record<string, number>): void {
  for (const [field, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${name}: ${field} is ${value}`)
  }
}
