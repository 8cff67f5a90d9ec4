// Moves those who crossed the border of a cell into the list of the new one.
import { cellOf } from '#shared/rules/units.ts'
import { placeInCell, takeFromCell } from '../grid.ts'
import type { Entity, World } from '../world.ts'

export function moveEntities(world: World): void {
  moveList(world, world.players)
  moveList(world, world.creatures)
  // In no list of a cell, for nobody sees them.
  for (const entity of world.unseen) entity.cell = cellOf(entity.x, entity.y)
}

function moveList(world: World, entities: readonly Entity[]): void {
  for (let i = 0; i < entities.length; i++) {
    const entity = entities[i]!
    if (entity.speed === 0) continue
    const cell = cellOf(entity.x, entity.y)
    if (cell === entity.cell) continue
    takeFromCell(world.grid, entity)
    placeInCell(world.grid, entity, cell)
  }
}
