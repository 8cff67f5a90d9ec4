// The use of an ability by a command, in the tick that applies it. It is checked, paid and started here, while
// the players move; what it does is done after all have moved (systems/abilities.ts). Each use has one
// outcome, the event `used`.
import type { AbilityRefusal } from '#shared/protocol/control.ts'
import { isFarther, whyNotUse, withUse } from '#shared/rules/own-state.ts'
import type { Use } from '#shared/rules/own-state.ts'
import { setPart } from './components.ts'
import { setState } from './own-changes.ts'
import { entityOf } from './slots.ts'
import type { Entity, World, WorldAbility } from './world.ts'

/** `number`, `facing`: of the command. */
export function useAbility(
  world: World,
  player: Entity,
  use: Use,
  number: number,
  facing: number,
): void {
  const { abilities, tick, components } = world
  const own = player.own!
  const refused = whyNot(world, player, use)
  if (refused !== undefined) {
    refuseUse(world, player, number, refused)
    return
  }
  const rule = abilities[use.ability]!
  const { cost } = rule
  if (cost !== undefined) {
    const slot = player.id & 0xffff
    const left = (cost.column.values[slot] as number) - cost.amount
    setPart(components, slot, cost.from, { [cost.field]: left }, tick)
  }
  setState(player, withUse(abilities, own.state, use, player, facing, tick))
  if (rule.castSteps > 0) own.casting = use
  else world.casts.push({ player, use })
  world.events.push({ event: 'used', entity: player, command: number, refused: undefined })
}

/** The ability of a command will not be carried out. */
export function refuseUse(
  world: World,
  player: Entity,
  command: number,
  refused: AbilityRefusal,
): void {
  // The client has predicted otherwise.
  player.own!.changedAt = world.tick
  world.events.push({ event: 'used', entity: player, command, refused })
}

function whyNot(world: World, player: Entity, use: Use): AbilityRefusal | undefined {
  const { abilities, tick } = world
  // No player sees a synthetic one, so it does nothing to them.
  if (player.unseen) return 'unknown'
  const refused = whyNotUse(abilities, player.own!.state, use, player, tick)
  if (refused !== undefined) return refused
  const rule = abilities[use.ability]!
  return whyNotAim(world, player, use, rule) ?? (canPay(player, rule) ? undefined : 'cost')
}

function whyNotAim(
  world: World,
  player: Entity,
  { at }: Use,
  { range }: WorldAbility,
): AbilityRefusal | undefined {
  if (at.aim === 'place') return at.x < world.width && at.y < world.height ? undefined : 'aim'
  if (at.aim !== 'entity') return undefined
  const target = entityOf(world, at.id)
  if (target === undefined || target.unseen) return 'target'
  return isFarther(target.x - player.x, target.y - player.y, range) ? 'range' : undefined
}

function canPay(player: Entity, { cost }: WorldAbility): boolean {
  return cost === undefined || (cost.column.values[player.id & 0xffff] as number) >= cost.amount
}
