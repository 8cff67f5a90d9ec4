// The cool-downs of a character among its saved parts, as time that is left. Time that passes while it is not
// in a zone does not count.
import { stepsOfMs } from '#shared/components/abilities.ts'
import type { PartValue, SavedParts } from '#shared/components/component.ts'
import { setState } from './own-changes.ts'
import type { Entity, World } from './world.ts'

/** No component has a name like this. */
const partName = 'core.cooldowns'

/**
 * The saved parts with the cool-downs that run, in ms by the names of their abilities. Those of abilities that
 * this version of the game does not know stay as they were.
 */
export function withCooldowns(
  { tick, tickHz, abilities }: World,
  { own }: Entity,
  parts: SavedParts | undefined,
): SavedParts | undefined {
  const { [partName]: before, ...others } = parts ?? {}
  const left: Record<string, PartValue> = { ...before }
  for (const [ability, { name }] of abilities.entries()) {
    const steps = (own?.state.readyAt.get(ability) ?? 0) - tick
    delete left[name]
    if (steps > 0) left[name] = Math.ceil((steps * 1000) / tickHz)
  }
  const { v: _version, ...named } = left
  if (Object.keys(named).length === 0) return parts === undefined ? undefined : others
  return { ...others, [partName]: { ...named, v: 1 } }
}

/** The cool-downs that were saved run on. */
export function restoreCooldowns(world: World, player: Entity, parts: SavedParts): void {
  const saved = parts[partName]
  const own = player.own!
  if (saved === undefined) return
  const readyAt = new Map<number, number>()
  for (const [ability, { name, cooldownSteps }] of world.abilities.entries()) {
    const ms = saved[name]
    // No longer than the ability has it now.
    const steps = typeof ms === 'number' ? Math.min(cooldownSteps, stepsOfMs(ms, world.tickHz)) : 0
    if (steps > 0) readyAt.set(ability, world.tick + steps)
  }
  setState(player, { ...own.state, readyAt })
}
