// The slots of a world, and its lists: where entities lie. For entities.ts and the core alone.
//
// An id is slot | generation << 16. A slot rests for a second after its entity is gone and counts 255
// generations, so an id names no other entity for at least four minutes.
import { Appearance, Name } from '#shared/components/core.ts'
import { cellOf } from '#shared/rules/units.ts'
import { addParts, getPart, partsOf, setPart } from './components.ts'
import { gateAt } from './gates.ts'
import { placeInCell, takeFromCell } from './grid.ts'
import { leaveParty } from './party.ts'
import type { Entity, Who, World } from './world.ts'

export const slotsMax = 65_536
/** A slot is not used again before, in seconds. */
const slotRestSeconds = 1

type Made = Pick<
  Entity,
  'archetype' | 'x' | 'y' | 'heading' | 'radius' | 'unseen' | 'ofContent'
> & { appearance: string; name: string; who?: Who }

/**
 * Undefined when no slot is free. Throws a RangeError when the archetype is not registered, and when a text is too
 * long for its field; then nothing was made.
 */
export function addEntity(
  world: World,
  { appearance, name, who, ...made }: Made,
): Entity | undefined {
  const looks = [
    [Appearance.shape.id, appearance],
    [Name.shape.text, name],
  ] as const
  for (const [field, text] of looks) field.store(text)
  // Half of an entity would fail every step after this one.
  partsOf(world.components, made.archetype)
  const slot = takeSlot(world)
  if (slot === undefined) return undefined
  // 1 to 255: no id is ever 0.
  const generation = (world.generations[slot]! % 255) + 1
  world.generations[slot] = generation
  const list = listOf(world, made)
  const peers = made.unseen ? undefined : world.peers.get(made.archetype)
  const entity: Entity = {
    ...made,
    id: slot | (generation << 16),
    speed: 0,
    cell: cellOf(made.x, made.y),
    cellIndex: 0,
    index: list.length,
    commands: undefined,
    own: undefined,
    unsure: false,
    gate: gateAt(world, made.x, made.y),
    party: undefined,
    partyAt: world.tick,
    wander: undefined,
    who,
    peerIndex: peers?.length ?? -1,
    handle: undefined,
    orderHeading: 0,
    orderSpeed: -1,
    walkedAt: -1,
    flight: undefined,
    within: undefined,
    turns: undefined,
  }
  world.slots[slot] = entity
  list.push(entity)
  peers?.push(entity)
  world.largestRadius = Math.max(world.largestRadius, made.radius)
  const { components, tick } = world
  addParts(components, slot, made.archetype, tick)
  setPart(components, slot, Appearance, { id: appearance }, tick)
  setPart(components, slot, Name, { text: name }, tick)
  if (made.unseen) return entity
  placeInCell(world.grid, entity, entity.cell)
  world.arrived.push(entity)
  return entity
}

function takeSlot(world: World): number | undefined {
  const { freeSlots, slots } = world
  const oldest = freeSlots[0]
  if (oldest !== undefined && world.tick - oldest.since >= slotRestSeconds * world.tickHz) {
    freeSlots.shift()
    return oldest.slot
  }
  return slots.length < slotsMax ? slots.length : undefined
}

export function removeEntity(world: World, entity: Entity): void {
  // The save of a player takes the last values of his entity, so they must be sound.
  if (!isSound(world, entity)) makeSound(world, entity)
  const slot = entity.id & 0xffff
  world.slots[slot] = undefined
  world.freeSlots.push({ slot, since: world.tick })
  leaveParty(world, entity)
  if (!entity.unseen) leaveCell(world, entity)
  takeOut(listOf(world, entity), 'index', entity)
  if (!entity.unseen) takeOut(world.peers.get(entity.archetype)!, 'peerIndex', entity)
}

/** The last of the list takes the place of the entity. */
function takeOut(list: Entity[], index: 'index' | 'peerIndex', entity: Entity): void {
  const last = list.pop()!
  if (last === entity) return
  list[entity[index]] = last
  last[index] = entity[index]
}

function listOf(world: World, { archetype, unseen }: Pick<Entity, 'archetype' | 'unseen'>) {
  if (unseen) return world.unseen
  return isPlayer({ archetype }) ? world.players : world.creatures
}

export function isPlayer({ archetype }: Pick<Entity, 'archetype'>): boolean {
  return archetype.body === 'player'
}

/** What is written over an entity. */
export function nameOf(
  { components }: Pick<World, 'components'>,
  { id }: Pick<Entity, 'id'>,
): string {
  return getPart(components, id & 0xffff, Name).text
}

/** `race/job` of a player, the content id of a creature. */
export function appearanceOf({ components }: World, { id }: Pick<Entity, 'id'>): string {
  return getPart(components, id & 0xffff, Appearance).id
}

/** The entity with this id; undefined when it has despawned. */
export function entityOf(world: World, id: number): Entity | undefined {
  const entity = world.slots[id & 0xffff]
  return entity?.id === id ? entity : undefined
}

/** Whether records can hold it. A game cannot write these fields without a cast. */
export function isSound({ width, height }: World, entity: Entity): boolean {
  const { x, y, heading, speed } = entity
  return (
    x >>> 0 === x &&
    y >>> 0 === y &&
    x < width &&
    y < height &&
    (heading & 0xffff) === heading &&
    (speed & 0xff) === speed
  )
}

/** Puts an entity that is not sound to the spawn, standing. */
export function makeSound(world: World, entity: Entity): void {
  entity.heading = 0
  entity.speed = 0
  moveTo(world, entity, world.spawnX, world.spawnY)
}

/** Moves an entity into the list of the cell in which it is. */
export function changeCell(world: World, entity: Entity, cell: number): void {
  leaveCell(world, entity)
  placeInCell(world.grid, entity, cell)
}

/** Whether the cell that an entity says it is in holds it. A game cannot write that without a cast. */
export function isInItsCell({ grid }: World, entity: Entity): boolean {
  return grid.cells[entity.cell]?.[entity.cellIndex] === entity
}

function leaveCell(world: World, entity: Entity): void {
  if (!isInItsCell(world, entity)) rebuildGrid(world)
  takeFromCell(world.grid, entity)
}

/** All lists anew, by the positions. */
export function rebuildGrid({
  grid,
  players,
  creatures,
  spawnX,
  spawnY,
  width,
  height,
}: World): void {
  for (const cell of grid.cells) cell.length = 0
  for (const entity of [...players, ...creatures]) {
    const { x, y } = entity
    const inZone = x >= 0 && x < width && y >= 0 && y < height
    placeInCell(grid, entity, inZone ? cellOf(x, y) : cellOf(spawnX, spawnY))
  }
}

/** Moves an entity to a position that is in the zone. */
export function moveTo(world: World, entity: Entity, x: number, y: number): void {
  entity.x = x
  entity.y = y
  entity.gate = gateAt(world, x, y)
  if (entity.unseen) entity.cell = cellOf(x, y)
  else changeCell(world, entity, cellOf(x, y))
}
