// Projectiles fly straight on until they meet something or have flown their range. Each step sweeps the whole
// way of the step, so nothing is too thin or too near to be met. Viewers are told of one once: they reckon its
// course as the core does.
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { unitsPerTick } from '#shared/rules/units.ts'
import { Walls } from '../archetype.ts'
import { cellsAround, despawn } from '../entities.ts'
import { call, forEach, lives } from '../handlers.ts'
import { handleOf } from '../handle.ts'
import type { EntityHandle } from '../zone.ts'
import { moveTo } from '../slots.ts'
import type { Entity, World } from '../world.ts'

export function flyProjectiles(world: World): void {
  for (const archetype of world.rules!.projectiles) {
    const projectiles = world.peers.get(archetype)
    if (projectiles !== undefined)
      forEach(world, projectiles, (projectile) => fly(world, projectile))
  }
}

function fly(world: World, ball: Entity): void {
  const { flight, heading, speed } = ball
  if (flight === undefined) return
  const step = unitsPerTick(speed, world.tickHz)
  const part = step > flight.left ? flight.left / step : 1
  const dx = dxOf(heading, speed, world.tickHz)
  const dy = dyOf(heading, speed, world.tickHz)
  const met = firstMet(world, ball, dx * part, dy * part)
  if (met !== undefined) {
    land(world, ball, ball.x + dx * part * met.at, ball.y + dy * part * met.at)
    call(
      world,
      ball,
      'hit',
      met.other === undefined ? wallAt(world, ball) : handleOf(world, met.other),
    )
    end(world, ball)
    return
  }
  const x = ball.x + dx
  const y = ball.y + dy
  const inZone = x >= 0 && x < world.width && y >= 0 && y < world.height
  if (part < 1 || !inZone) {
    land(world, ball, ball.x + dx * part, ball.y + dy * part)
    call(world, ball, 'ended')
    end(world, ball)
    return
  }
  ball.x = x
  ball.y = y
  flight.left -= step
}

/** The last position, which handlers see. */
function land(world: World, ball: Entity, x: number, y: number): void {
  const within = (at: number, size: number) => Math.max(0, Math.min(size - 1, Math.round(at)))
  moveTo(world, ball, within(x, world.width), within(y, world.height))
}

function end(world: World, ball: Entity): void {
  if (lives(world, ball)) despawn(world, ball)
}

function wallAt(world: World, ball: Entity): EntityHandle {
  const { x, y, heading } = handleOf(world, ball)
  return { id: 0, x, y, heading, speed: 0, is: Walls, name: '' }
}

type Met = { at: number; other: Entity | undefined }

/** What it meets first on a way, and after which part of it. `other` is undefined for a wall. */
function firstMet(world: World, ball: Entity, dx: number, dy: number): Met | undefined {
  const { x, y, radius, archetype } = ball
  const { collides } = archetype
  let at = collides.has(Walls) ? world.walls.firstTouch(x, y, dx, dy, radius) : Infinity
  let other: Entity | undefined
  const reach = radius + world.largestRadius + Math.max(Math.abs(dx), Math.abs(dy))
  const { firstColumn, lastColumn, firstRow, lastRow } = cellsAround(world, x, y, reach)
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      for (const entity of world.grid.cells[column | (row << 8)]!) {
        if (!collides.has(entity.archetype) || entity.id === ball.flight!.by) continue
        if (entity === ball) continue
        const when = meets(entity.x - x, entity.y - y, dx, dy, radius + entity.radius)
        // Of two that it meets at once the one with the lower id, in whatever order they lie in their cell.
        const first = when < at || (when === at && when < Infinity && entity.id < (other?.id ?? 0))
        if (first) {
          at = when
          other = entity
        }
      }
    }
  }
  return at === Infinity ? undefined : { at, other }
}

/** After which part of a way (dx, dy) a point comes as near as `reach` to one at (x, y); Infinity for never. */
function meets(x: number, y: number, dx: number, dy: number, reach: number): number {
  const beyond = x * x + y * y - reach * reach
  if (beyond <= 0) return 0
  const along = x * dx + y * dy
  if (along <= 0) return Infinity
  const square = dx * dx + dy * dy
  const root = along * along - square * beyond
  if (root < 0) return Infinity
  const when = (along - Math.sqrt(root)) / square
  return when <= 1 ? when : Infinity
}
