// One step of the world: a function of state, inputs and seed. It reads no clock, does no I/O and
// awaits nothing, so a recorded run can be repeated to the bit.
import { applyInputs } from './systems/input.ts'
import { moveEntities } from './systems/cells.ts'
import { checkGates } from './systems/gates.ts'
import { movePlayers } from './systems/movement.ts'
import { wander } from './systems/wander.ts'
import type { Tick, World, WorldEvent, WorldInput } from './world.ts'

type System = (world: World, tick: Tick) => void

// Their order is a rule of the game: a command that came in before the step moves its player in it,
// and a gate is noticed in the step in which somebody walks into it.
const systems: readonly System[] = [applyInputs, movePlayers, wander, checkGates, moveEntities]

/** Advances the world by one tick. */
export function step(world: World, inputs: readonly WorldInput[]): WorldEvent[] {
  world.tick++
  const tick: Tick = { number: world.tick, inputs, events: [] }
  for (const system of systems) system(world, tick)
  return tick.events
}
