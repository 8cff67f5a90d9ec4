// One tick of walking: the same integer step on client and server (as Quake III's bg_pmove).
//
// In a tick a body moves by exactly `dxOf/dyOf(heading, speed)` of the heading and speed that it has after
// the tick. So position, heading and speed at one tick give the position at every later tick, until the
// course changes. Motion records rely on that.
import { cosOf, dxOf, dyOf, sinOf } from './heading.ts'
import { speedOfSteps, stepsOf } from './units.ts'
import type { Walls } from './walls.ts'

/** Anything that moves. Position in units, heading 0..65535, speed as one byte says it (units.ts). */
export type Body = { x: number; y: number; heading: number; speed: number }

/** What a player asks for in one tick. */
export type Command = { heading: number; buttons: number }

/** Buttons of a command. Unknown bits are ignored. */
export const BUTTON_WALK = 1

/**
 * Moves a body one tick. Blocked on its way it slides along the free axis: it then turns to that axis
 * at the speed that remains of it; blocked on both it stands, facing where it wanted to go.
 */
export function walk(
  body: Body,
  heading: number,
  speed: number,
  tickHz: number,
  walls: Walls,
  radius: number,
): void {
  if (speed > 0 && attempt(body, heading, speed, tickHz, walls, radius)) return
  if (speed > 0) {
    const along = Math.abs(cosOf(heading)) >= Math.abs(sinOf(heading))
    if (slide(body, heading, speed, tickHz, walls, radius, along)) return
    if (slide(body, heading, speed, tickHz, walls, radius, !along)) return
  }
  body.heading = heading
  body.speed = 0
}

/** The player's step: a command in, a body changed. */
export function stepPlayer(
  body: Body,
  command: Command,
  walkSpeed: number,
  tickHz: number,
  walls: Walls,
  radius: number,
): void {
  const speed = (command.buttons & BUTTON_WALK) === 0 ? 0 : walkSpeed
  walk(body, command.heading, speed, tickHz, walls, radius)
}

/** Moves along one axis, at the part of the speed on that axis, rounded down to a speed that a byte can say. */
function slide(
  body: Body,
  heading: number,
  speed: number,
  tickHz: number,
  walls: Walls,
  radius: number,
  alongX: boolean,
): boolean {
  const part = alongX ? cosOf(heading) : sinOf(heading)
  const rest = speedOfSteps((stepsOf(speed) * Math.abs(part)) >> 14)
  if (rest === 0) return false
  const axis = alongX ? (part > 0 ? 0 : 32_768) : part > 0 ? 16_384 : 49_152
  return attempt(body, axis, rest, tickHz, walls, radius)
}

function attempt(
  body: Body,
  heading: number,
  speed: number,
  tickHz: number,
  walls: Walls,
  radius: number,
): boolean {
  const x = body.x + dxOf(heading, speed, tickHz)
  const y = body.y + dyOf(heading, speed, tickHz)
  if (walls.blocked(x, y, radius)) return false
  body.x = x
  body.y = y
  body.heading = heading
  body.speed = speed
  return true
}
