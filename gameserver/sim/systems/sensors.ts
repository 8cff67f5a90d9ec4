// Sensors: a player who comes into the radius of one touches it, once until he has left it.
import { Players } from '../archetype.ts'
import { near } from '../entities.ts'
import { call, forEach, lives } from '../handlers.ts'
import { handleOf } from '../handle.ts'
import type { Entity, World } from '../world.ts'

export function senseTouches(world: World): void {
  for (const archetype of world.rules!.sensors) {
    const sensors = world.peers.get(archetype)
    if (sensors !== undefined) forEach(world, sensors, (sensor) => sense(world, sensor))
  }
}

function sense(world: World, sensor: Entity): void {
  const { x, y, radius } = sensor
  const here = near(world, x, y, radius, Players, undefined)
  if (here.length === 0) {
    sensor.within = undefined
    return
  }
  const before = sensor.within
  // Noted before the handlers run: one that throws is not called again in each step.
  sensor.within = new Set(here.map(({ id }) => id))
  for (const player of here) {
    if (before?.has(player.id) === true || !lives(world, player)) continue
    call(world, sensor, 'touched', handleOf(world, player))
    if (!lives(world, sensor)) return
  }
}
