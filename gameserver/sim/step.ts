// One step of the world: a function of state, inputs and seed. It reads no clock, does no I/O and
// awaits nothing, so a recorded run can be repeated to the bit.
import { takeTurns } from './components.ts'
import { closeFaults } from './faults.ts'
import { coreRules } from './rules.ts'
import type { ZoneRules } from './rules.ts'
import type { World, WorldEvent, WorldInput } from './world.ts'

/**
 * Advances the world by one tick, by the rules of the core and of the game. It pushes its events to `events`,
 * so the caller has them also when a system throws. `ran` is called with the name of each part that has run.
 */
export function step(
  world: World,
  inputs: readonly WorldInput[],
  rules: ZoneRules = coreRules,
  events: WorldEvent[] = [],
  ran: (part: string) => void = () => {},
): WorldEvent[] {
  world.tick++
  world.components.changed.length = 0
  takeTurns(world.components, world.tick)
  world.events = events
  world.rules = rules
  const tick = { number: world.tick, inputs, events, ran }
  try {
    for (const { name, run } of rules.systems) {
      run(world, tick)
      ran(name)
    }
  } finally {
    closeFaults(world)
    world.rules = undefined
  }
  return events
}
