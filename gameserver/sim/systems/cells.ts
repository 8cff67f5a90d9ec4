// Moves entities that crossed the border of a cell into the list of the new one, by their positions: it does
// not matter who moved them. An entity that no record can hold ends here, before it reaches a viewer.
//
// It runs after each system of a game too. A game cannot write these fields without a cast; if it does, its
// system is named, the entity is mended, and nobody else is touched.
import { cellOf } from '#shared/rules/units.ts'
import { despawn } from '../entities.ts'
import { changeCell, isInItsCell, isSound, makeSound, rebuildGrid } from '../slots.ts'
import type { Entity, World } from '../world.ts'

/** `by`: what ran since the last time, for the event `failed`. */
export function settleEntities(world: World, by: string): void {
  settle(world, world.players, by)
  settle(world, world.creatures, by)
  settle(world, world.unseen, by)
}

function settle(world: World, entities: readonly Entity[], by: string): void {
  // From the last on: the entity that replaces a removed one was looked at already.
  for (let i = entities.length - 1; i >= 0; i--) {
    const entity = entities[i]!
    if (!isSound(world, entity)) {
      mend(world, entity, by)
      continue
    }
    const { x, y } = entity
    const cell = cellOf(x, y)
    if (entity.unseen) {
      entity.cell = cell
      continue
    }
    if (!isInItsCell(world, entity)) rebuildGrid(world)
    if (cell !== entity.cell) changeCell(world, entity, cell)
  }
}

/** A creature is removed. A player is put at the spawn: his stay goes on. */
function mend(world: World, entity: Entity, by: string): void {
  const { id, name, x, y, heading, speed } = entity
  const error = new RangeError(
    `${name} (entity ${id}) has no possible state: x ${x}, y ${y}, heading ${heading}, speed ${speed}`,
  )
  world.events.push({ event: 'failed', what: by, error })
  if (entity.type === 'creature') despawn(world, entity)
  else makeSound(world, entity)
}
