// Walkers go where the game has sent them, for one step, by the step that players walk with: along walls, with
// no search for a way. One that is sent no more stands, and strays on from where it is.
import { walk } from '#shared/rules/movement.ts'
import type { Tick, World } from '../world.ts'

export function walkOrdered(world: World, tick: Tick): void {
  const { orders, walking, slots, tickHz, walls } = world
  for (const entity of orders) {
    const { orderHeading, orderSpeed } = entity
    entity.orderSpeed = -1
    if (slots[entity.id & 0xffff] !== entity) continue
    walk(entity, orderHeading, orderSpeed, tickHz, walls, entity.radius)
    entity.walkedAt = tick.number
  }
  for (const entity of walking) {
    if (entity.walkedAt === tick.number || entity.speed === 0) continue
    entity.speed = 0
    if (entity.wander !== undefined) entity.wander.until = tick.number
  }
  walking.length = 0
  world.orders = walking
  world.walking = orders
}
