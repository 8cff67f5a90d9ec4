// Other content for a world that goes on: walls, gates, the spawn and the creatures of its zone. Size and
// tick rate stay (shared/content-files/change.ts). Entities that stand in a new wall are put at the spawn.
// Creatures that a game has made stay.
import type { Creature, Zone } from '#shared/content/content.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import { groupsOf, spawnSomewhere, wanderOf } from './creatures.ts'
import { despawn } from './entities.ts'
import { gateAt, gatesOf } from './gates.ts'
import { appearanceOf, moveTo, nameOf } from './slots.ts'
import type { Entity, Tick, World, WorldInput } from './world.ts'

type Group = Zone['creatures'][number]

export function changeContent(
  world: World,
  tick: Tick,
  { zone, creatures, ofGame }: Extract<WorldInput, { input: 'content' }>,
): void {
  world.ofGame = ofGame
  world.walls = buildWalls(zone)
  world.spawnX = metresToUnits(zone.spawn.x)
  world.spawnY = metresToUnits(zone.spawn.y)
  world.gates = gatesOf(zone)
  world.creatureKinds = creatures
  const made = world.creatures.filter(({ ofContent }) => !ofContent)
  for (const entity of [...world.players, ...world.unseen, ...made]) {
    const { body } = entity.archetype
    const collides = body === 'walker' || body === 'player'
    if (collides && world.walls.blocked(entity.x, entity.y, entity.radius)) {
      entity.speed = 0
      moveTo(world, entity, world.spawnX, world.spawnY)
    }
    // A gate that was opened around a player waits until he has left it, like any other.
    entity.gate = gateAt(world, entity.x, entity.y)
  }

  const before = new Set(world.creatures.filter(({ ofContent }) => ofContent))
  const missing: { creature: Creature; group: Group }[] = []
  for (const group of groupsOf(zone, world.difficulty)) {
    const creature = creatures.get(group.creature)
    if (creature === undefined) throw new Error(`there is no creature ${group.creature}`)
    for (let i = 0; i < group.count; i++) {
      const kept = findKept(world, before, creature, group)
      if (kept === undefined) missing.push({ creature, group })
      else {
        before.delete(kept)
        if (kept.wander === undefined) continue
        const { spawnX, spawnY } = kept.wander
        // Whatever it is doing ends with this step, and its next way is by the new rules.
        kept.wander = wanderOf(creature, world.tickHz, spawnX, spawnY, tick.number)
      }
    }
  }
  for (const entity of before) despawn(world, entity)
  for (const { creature, group } of missing) spawnSomewhere(world, creature, group.area)
}

/** One that may stay as it is: it looks the same, belongs to the group's area, and stands free. */
function findKept(
  world: World,
  among: ReadonlySet<Entity>,
  creature: Creature,
  { area }: Group,
): Entity | undefined {
  const radius = metresToUnits(creature.radius)
  for (const entity of among) {
    if (appearanceOf(world, entity) !== creature.id || nameOf(world, entity) !== creature.name)
      continue
    if (entity.radius !== radius || world.walls.blocked(entity.x, entity.y, radius)) continue
    const { spawnX, spawnY } = entity.wander ?? { spawnX: entity.x, spawnY: entity.y }
    const inX = spawnX >= metresToUnits(area.x) && spawnX <= metresToUnits(area.x + area.width)
    const inY = spawnY >= metresToUnits(area.y) && spawnY <= metresToUnits(area.y + area.height)
    if (inX && inY && !world.walls.blocked(spawnX, spawnY, radius)) return entity
  }
  return undefined
}
