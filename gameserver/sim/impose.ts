// How a game changes the movement of a player: a slow, a root, a push, a mount. The client is told ahead and
// predicts it (own.ts); so it takes effect after the round trip of that client, half a second at most. A player
// who sends no commands is changed at once.
//
// A time is in seconds, and at most what 65,535 ticks take. All throw a RangeError for other values.
import { plainState, stepsMax } from '#shared/rules/own-state.ts'
import { speedOfMetres } from '#shared/rules/units.ts'
import { gaitOf, scaleOf } from './ability.ts'
import { announce } from './own-changes.ts'
import type { Entity, World } from './world.ts'
import type { Gait } from './zone.ts'

/** The speed is multiplied for a time. */
export function slow(world: World, player: Entity, factor: number, seconds: number): void {
  const change = { change: 'scale', scale: scaleOf(factor), steps: steps(world, seconds) } as const
  announce(world, player, change)
}

/** It does not walk or dash for a time; 0 seconds end that. */
export function root(world: World, player: Entity, seconds: number): void {
  announce(world, player, { change: 'root', steps: steps(world, seconds) })
}

/** It moves along a heading (0 to 65,535) for a time, whatever its commands say. Walls stop it. */
export function push(
  world: World,
  player: Entity,
  heading: number,
  metresPerSecond: number,
  seconds: number,
): void {
  if ((heading & 0xffff) !== heading) throw new RangeError(`push: the heading is ${heading}`)
  if (!(metresPerSecond >= 0)) throw new RangeError(`push: the speed is ${metresPerSecond}`)
  const speed = speedOfMetres(metresPerSecond)
  announce(world, player, { change: 'push', heading, speed, steps: steps(world, seconds) })
}

/** Speed of walking and half the side of the body, until they change again; undefined: as every player has. */
export function mount(world: World, player: Entity, gait: Gait | undefined): void {
  const { speed, radius } = gait === undefined ? plainState : gaitOf(gait)
  announce(world, player, { change: 'gait', speed, radius })
}

/** The cast that is under way ends without effect. What it cost is not given back. False for none. */
export function interruptCast({ tick }: World, { own }: Entity): boolean {
  if (own === undefined || own.casting === undefined) return false
  own.casting = undefined
  own.state = { ...own.state, castAbility: -1 }
  own.changedAt = tick
  return true
}

function steps({ tickHz }: World, seconds: number): number {
  const count = Math.ceil(seconds * tickHz)
  if (count >= 0 && count <= stepsMax) return count
  throw new RangeError(`a change of ${seconds} s: 0 to ${stepsMax / tickHz} are possible`)
}
