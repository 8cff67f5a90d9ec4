// Moves entities that crossed the border of a cell into the list of the new one. It goes by their positions
// alone, so it does not matter which system moved them. An entity that no record can hold despawns here,
// before it reaches a viewer.
import { cellOf } from '#shared/rules/units.ts'
import { despawn } from '../entities.ts'
import {
  changeCell,
  isInItsCell,
  isPlayer,
  isSound,
  makeSound,
  nameOf,
  rebuildGrid,
} from '../slots.ts'
import type { Entity, World } from '../world.ts'

export function settleEntities(world: World): void {
  settle(world, world.players)
  settle(world, world.creatures)
  settle(world, world.unseen)
}

function settle(world: World, entities: readonly Entity[]): void {
  // From the last on: the entity that replaces a removed one was checked already.
  for (let i = entities.length - 1; i >= 0; i--) {
    const entity = entities[i]!
    if (!isSound(world, entity)) {
      repair(world, entity)
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
function repair(world: World, entity: Entity): void {
  const { id, x, y, heading, speed } = entity
  const name = nameOf(world, entity)
  const error = new RangeError(
    `${name} (entity ${id}) has no possible state: x ${x}, y ${y}, heading ${heading}, speed ${speed}`,
  )
  world.events.push({ event: 'failed', what: 'system cells', error })
  if (isPlayer(entity)) makeSound(world, entity)
  else despawn(world, entity)
}
