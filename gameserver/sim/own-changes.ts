// Changes of a player's own state in a world: at once, or announced to his client (own.ts).
import { activeUntil, endsCast, withCastEnded, withChange } from '#shared/rules/own-state.ts'
import type { Change, OwnState } from '#shared/rules/own-state.ts'
import { aheadMax } from './own.ts'
import type { Own } from './own.ts'
import type { Entity, World } from './world.ts'

/** Changes that wait for their commands at most. With more, the oldest take effect at once. */
const announcedMax = 16

export function setState(player: Entity, state: OwnState): void {
  const own = player.own!
  own.state = state
  own.activeUntil = Math.max(own.activeUntil, activeUntil(state))
  player.radius = state.radius
}

/**
 * Changes how a player moves, from a command on that his client has not made yet; at once when he stands.
 */
export function announce(world: World, player: Entity, change: Change): void {
  const { own, commands } = player as { own: Own; commands: NonNullable<Entity['commands']> }
  const { announced } = own
  const most = aheadMax(world.tickHz)
  // One command more is for the pace of the client, which varies by a few percent.
  const ahead = own.ahead === 0 ? most : Math.min(most, own.ahead + 2)
  // After the movement of this tick the next one takes the expected number, before it this one.
  const next = own.movedAt === world.tick ? commands.expected - 1 : commands.expected
  const earliest = commands.running ? next + ahead : commands.expected
  const at = Math.max(earliest, announced.at(-1)?.at ?? 0)
  announced.push({ at, change })
  if (announced.length > announcedMax) takeEffect(world, player, announced[0]!.at)
  own.changedAt = world.tick
}

/** The announced changes up to a command take effect in this tick. */
export function takeEffect({ tick }: World, player: Entity, upTo: number): void {
  const own = player.own!
  while (own.announced.length > 0 && own.announced[0]!.at <= upTo) {
    setState(player, withChange(own.state, own.announced.shift()!.change, tick))
  }
}

/** Ends a cast whose time has come. */
export function endCast(world: World, player: Entity): void {
  const own = player.own!
  if (!endsCast(own.state, world.tick)) return
  setState(player, withCastEnded(world.abilities, own.state, world.tick))
  const { casting } = own
  own.casting = undefined
  if (casting !== undefined) world.casts.push({ player, use: casting })
}
