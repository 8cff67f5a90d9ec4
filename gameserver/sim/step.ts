// One step of the world: a function of state, inputs and seed. It reads no clock, does no I/O and
// awaits nothing, so a recorded run can be repeated to the bit.
import { coreRules } from './rules.ts'
import type { ZoneRules } from './rules.ts'
import type { Tick, World, WorldEvent, WorldInput } from './world.ts'

/**
 * Advances the world by one tick, by the rules of the core and of the game. It pushes its events to `events`,
 * so the caller has them also when a system throws.
 */
export function step(
  world: World,
  inputs: readonly WorldInput[],
  rules: ZoneRules = coreRules,
  events: WorldEvent[] = [],
): WorldEvent[] {
  world.tick++
  world.components.changed.length = 0
  world.events = events
  const tick: Tick = { number: world.tick, inputs, events }
  for (const system of rules.systems) system(world, tick)
  return events
}
