// The handlers `spawned` and `each` of archetypes. Entities whose archetype has neither cost nothing.
import { call, forEach } from '../handlers.ts'
import type { Tick, World } from '../world.ts'

export function callEach(world: World, tick: Tick): void {
  if (world.arrived.length > 0) {
    const { arrived } = world
    // Those that they spawn come in the next step.
    world.arrived = []
    forEach(world, arrived, (entity) => call(world, entity, 'spawned'))
  }
  for (const archetype of world.rules!.each) {
    const peers = world.peers.get(archetype)
    if (peers === undefined || peers.length === 0) continue
    forEach(world, peers, (entity) => call(world, entity, 'each'))
    tick.ran(`archetype ${archetype.name}, each`)
  }
}
