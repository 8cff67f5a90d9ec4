// Creatures stray about their spawn: a pause, a way of a few seconds, a pause. A creature that would leave
// its radius or meet a wall stops and decides again. Decisions a tick are bounded by count, never by time
// (rule 7): a creature for which none is left stands and comes first in the next tick.
import { dxOf, dyOf, headingTo } from '#shared/rules/heading.ts'
import { between } from '../random.ts'
import type { Entity, Tick, Wander, World } from '../world.ts'

/** Decisions a tick at most: each draws a few random numbers, under a microsecond. */
const decisionsMax = 64

export function wander(world: World, tick: Tick): void {
  const { creatures } = world
  const count = creatures.length
  let decisions = 0
  let from = -1
  for (let n = 0; n < count; n++) {
    const at = (world.wanderFrom + n) % count
    const creature = creatures[at]!
    const way = creature.wander
    if (way === undefined || creature.walkedAt === tick.number) continue
    if (creature.speed > 0) walkOn(world, tick.number, creature, way)
    if (creature.speed > 0 || tick.number < way.until) continue
    if (decisions === decisionsMax) {
      if (from < 0) from = at
      continue
    }
    decisions++
    setOut(world, tick.number, creature, way)
  }
  world.wanderFrom = from < 0 ? 0 : from
}

/** Goes on along its course, or stops: at the end of the way, before a wall, at the edge of its radius. */
function walkOn(world: World, now: number, creature: Entity, way: Wander): void {
  const x = creature.x + dxOf(creature.heading, creature.speed, world.tickHz)
  const y = creature.y + dyOf(creature.heading, creature.speed, world.tickHz)
  if (now < way.until && staysNear(creature, way, x, y) && !blocked(world, creature, x, y)) {
    creature.x = x
    creature.y = y
    return
  }
  creature.speed = 0
  way.until = now + between(world.random, way.pauseMin, way.pauseMax)
}

/** Inside its radius, or at least on the way back. */
function staysNear(creature: Entity, way: Wander, x: number, y: number): boolean {
  const distance = squared(x - way.spawnX, y - way.spawnY)
  if (distance <= way.radius * way.radius) return true
  return distance < squared(creature.x - way.spawnX, creature.y - way.spawnY)
}

function setOut(world: World, now: number, creature: Entity, way: Wander): void {
  const { random, tickHz } = world
  const fromSpawn = squared(creature.x - way.spawnX, creature.y - way.spawnY)
  const far = fromSpawn * 4 > way.radius * way.radius
  // From the outer half it mostly turns home, give or take 45 degrees; else anywhere.
  const heading =
    far && between(random, 0, 3) > 0
      ? headingTo(way.spawnX - creature.x, way.spawnY - creature.y) + between(random, -8192, 8191)
      : between(random, 0, 65_535)
  const course = heading & 0xffc0
  const ticks = between(random, tickHz, 4 * tickHz)
  const x = creature.x + dxOf(course, way.speed, tickHz)
  const y = creature.y + dyOf(course, way.speed, tickHz)
  if (way.speed === 0 || !staysNear(creature, way, x, y) || blocked(world, creature, x, y)) {
    way.until = now + between(random, way.pauseMin, way.pauseMax)
    return
  }
  // The first step is part of the decision: speed and place always belong together.
  creature.heading = course
  creature.speed = way.speed
  creature.x = x
  creature.y = y
  way.until = now + ticks
}

function blocked(world: World, creature: Entity, x: number, y: number): boolean {
  return world.walls.blocked(x, y, creature.radius)
}

function squared(dx: number, dy: number): number {
  return dx * dx + dy * dy
}
