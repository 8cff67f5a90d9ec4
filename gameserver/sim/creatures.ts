// Creatures: how they come into the world, and how they stray.
import type { Creature, Zone } from '#shared/content/content.ts'
import { metresToUnits, speedOfMetres } from '#shared/rules/units.ts'
import { between } from './random.ts'
import { Creatures } from './archetype.ts'
import { addEntity } from './slots.ts'
import type { Entity, Wander, World } from './world.ts'

/** Undefined when no slot is free. */
export function addCreature(
  world: World,
  { id, name, radius }: Creature,
  at: { x: number; y: number; heading: number },
  ofContent: boolean,
): Entity | undefined {
  return addEntity(world, {
    archetype: world.archetypes.get(id) ?? Creatures,
    appearance: id,
    name,
    ...at,
    radius: metresToUnits(radius),
    unseen: false,
    ofContent,
  })
}

/** The groups that the content has for an instance of this difficulty. */
export function groupsOf(zone: Zone, difficulty: string | undefined): Zone['creatures'] {
  return zone.creatures.filter(
    ({ difficulties }) =>
      difficulties === undefined || (difficulty !== undefined && difficulties.includes(difficulty)),
  )
}

/** Puts a creature of the content somewhere free in an area, in metres. */
export function spawnSomewhere(
  world: World,
  creature: Creature,
  area: { x: number; y: number; width: number; height: number },
): void {
  const radius = metresToUnits(creature.radius)
  const x0 = metresToUnits(area.x)
  const y0 = metresToUnits(area.y)
  let x = world.spawnX
  let y = world.spawnY
  // An area may be crowded with walls: after this many positions that are not free, the zone's spawn.
  for (let tries = 0; tries < 100; tries++) {
    const tryX = between(world.random, x0, x0 + Math.max(0, metresToUnits(area.width) - 1))
    const tryY = between(world.random, y0, y0 + Math.max(0, metresToUnits(area.height) - 1))
    if (world.walls.blocked(tryX, tryY, radius)) continue
    x = tryX
    y = tryY
    break
  }
  const heading = between(world.random, 0, 1023) << 6
  const entity = addCreature(world, creature, { x, y, heading }, true)
  if (entity === undefined) throw new Error('a zone holds at most 65,536 entities')
  if (entity.archetype.body !== 'walker') return
  entity.wander = wanderOf(creature, world.tickHz, x, y, 0)
  // The first decisions are spread, so that a zone does not start with a burst.
  entity.wander.until = world.tick + between(world.random, 1, entity.wander.pauseMax)
}

/** How a creature strays about its spawn. `until`: the tick in which it decides first. */
export function wanderOf(
  creature: Creature,
  tickHz: number,
  spawnX: number,
  spawnY: number,
  until: number,
): Wander {
  const { min, max } = creature.wander.pauseSeconds
  const pauseMin = Math.max(1, Math.round(min * tickHz))
  const pauseMax = Math.max(pauseMin, Math.round(max * tickHz))
  const radius = metresToUnits(creature.wander.radius)
  const speed = speedOfMetres(creature.speed)
  return { spawnX, spawnY, radius, speed, pauseMin, pauseMax, until }
}
