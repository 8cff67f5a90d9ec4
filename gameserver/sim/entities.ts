// Entities: the only ways to make, remove, move and find them, in whole units. Games use the zone (zone.ts).
//
// A failure that any game may meet is an outcome with a name: no slot is free, a wall takes the position.
import { cellUnits, metresToUnits, speedMax, unitsPerTick } from '#shared/rules/units.ts'
import type { Archetype } from './zone.ts'
import { addCreature, wanderOf } from './creatures.ts'
import { addEntity, moveTo, removeEntity } from './slots.ts'
import type { Entity, World } from './world.ts'

/** A position in units and a heading of 0 to 65,535. */
export type Place = { x: number; y: number; heading: number }

export type PlaceRefusal = 'outside' | 'blocked'

/**
 * Makes an entity. A creature of the content strays about its position. `full`: a zone holds at most 65,536
 * entities, those that went in the last second included.
 */
export function makeEntity(
  world: World,
  of: Archetype,
  place: Place,
): Entity | PlaceRefusal | 'full' {
  const creature = world.creatureKinds.get(of.name)
  const radius = metresToUnits(creature?.radius ?? of.radius)
  const refused = refusedAt(world, place, of.body === 'walker' ? radius : 0)
  if (refused !== undefined) return refused
  if (creature === undefined) {
    const body = {
      archetype: of,
      appearance: of.name,
      name: '',
      radius,
      unseen: false,
      ofContent: false,
    }
    return addEntity(world, { ...body, ...place }) ?? 'full'
  }
  const made = addCreature(world, creature, place, false)
  if (made === undefined) return 'full'
  const { x, y } = place
  if (of.body === 'walker') made.wander = wanderOf(creature, world.tickHz, x, y, world.tick)
  return made
}

/** Despawns an entity; its viewers see it go. The stay of a player ends with a leave. */
export function despawn(world: World, entity: Entity): void {
  removeEntity(world, entity)
  world.events.push({ event: 'left', entity })
}

/** Says why a body may not stand at a position. Radius 0: walls do not matter. */
export function refusedAt(
  { width, height, walls }: World,
  { x, y }: { x: number; y: number },
  radius: number,
): PlaceRefusal | undefined {
  const inX = x >= radius && x < width && x + radius <= width
  const inY = y >= radius && y < height && y + radius <= height
  if (!inX || !inY) return 'outside'
  return radius > 0 && walls.blocked(x, y, radius) ? 'blocked' : undefined
}

/** Makes a walker stand for some ticks; then it strays on. */
export function stand(world: World, entity: Entity, ticks: number, heading: number): void {
  entity.speed = 0
  entity.heading = heading
  if (entity.orderSpeed >= 0) orderWalk(world, entity, heading, 0)
  if (entity.wander !== undefined) entity.wander.until = world.tick + ticks
}

/** Gives a walker its course for the next step. */
export function orderWalk(world: World, entity: Entity, heading: number, speed: number): void {
  if (entity.orderSpeed < 0) world.orders.push(entity)
  entity.orderHeading = heading
  entity.orderSpeed = speed
}

const area = { firstColumn: 0, lastColumn: 0, firstRow: 0, lastRow: 0 }

/** The cells in which all entities within a reach lie. Valid until the next call. */
export function cellsAround({ grid, tickHz }: World, x: number, y: number, reach: number) {
  // Cells are as of the last step or placing; since then an entity may have gone on by one step.
  const far = reach + unitsPerTick(speedMax, tickHz)
  area.firstColumn = Math.max(0, Math.floor((x - far) / cellUnits))
  area.lastColumn = Math.min(grid.columns - 1, Math.floor((x + far) / cellUnits))
  area.firstRow = Math.max(0, Math.floor((y - far) / cellUnits))
  area.lastRow = Math.min(grid.rows - 1, Math.floor((y + far) / cellUnits))
  return area
}

/** Those of an archetype within a radius, besides `not`. Unseen players are never among them. */
export function near(
  world: World,
  x: number,
  y: number,
  radius: number,
  of: Archetype,
  not: Entity | undefined,
): Entity[] {
  const { firstColumn, lastColumn, firstRow, lastRow } = cellsAround(world, x, y, radius)
  const found: Entity[] = []
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      for (const entity of world.grid.cells[column | (row << 8)]!) {
        if (entity.archetype !== of || entity === not) continue
        if (squared(entity.x - x, entity.y - y) <= radius * radius) found.push(entity)
      }
    }
  }
  return found
}

/** The nearest of an archetype within a radius, besides `not`. */
export function nearest(
  world: World,
  x: number,
  y: number,
  radius: number,
  of: Archetype,
  not: Entity | undefined,
): Entity | undefined {
  const { firstColumn, lastColumn, firstRow, lastRow } = cellsAround(world, x, y, radius)
  let best: Entity | undefined
  let bestSquared = radius * radius
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      for (const entity of world.grid.cells[column | (row << 8)]!) {
        if (entity.archetype !== of || entity === not) continue
        const away = squared(entity.x - x, entity.y - y)
        if (away > bestSquared || (away === bestSquared && best !== undefined)) continue
        best = entity
        bestSquared = away
      }
    }
  }
  return best
}

/** Moves an entity to a position in the zone, at any distance. A gate there works after it has been left. */
export function place(world: World, entity: Entity, to: Place): void {
  entity.heading = to.heading
  moveTo(world, entity, to.x, to.y)
}

function squared(dx: number, dy: number): number {
  return dx * dx + dy * dy
}
