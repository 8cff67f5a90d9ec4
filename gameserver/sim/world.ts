// The state of one zone. Plain data that only systems (systems/*.ts) change, one step at a time
// (step.ts). Entities live in numbered slots; an id is slot | generation << 16, so the id of somebody
// who left names nobody else until its slot has been used 255 times more.
import type { Creature, Zone } from '#shared/content/content.ts'
import { shownMaxBytes } from '#shared/limits.ts'
import { cellOf, metresToUnits, speedToSteps } from '#shared/rules/units.ts'
import type { Walls } from '#shared/rules/walls.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import type { EntityType } from '#shared/protocol/snapshot.ts'
import type { Commands } from './commands.ts'
import { createGrid, placeInCell, takeFromCell } from './grid.ts'
import type { Grid } from './grid.ts'
import { between, createRandom } from './random.ts'
import type { Random } from './random.ts'

/** How a creature strays about its spawn. Lengths in units, times in ticks. */
export type Wander = {
  spawnX: number
  spawnY: number
  radius: number
  speed: number
  pauseMin: number
  pauseMax: number
  /** Until this tick it goes on with what it does: a pause or a way. */
  until: number
}

export type Entity = {
  id: number
  type: EntityType
  x: number
  y: number
  heading: number
  speed: number
  /** Half side of the body. */
  radius: number
  /** As in the protocol: `race/job` of a player, content id of a creature. */
  look: string
  name: string
  /** What everybody may see besides, in bytes of the game's own (`show`). */
  shown: Uint8Array | undefined
  cell: number
  cellIndex: number
  /** Place in its list of the world. */
  index: number
  /** Players alone. */
  commands: Commands | undefined
  /** A command was missing, or dropped, in the latest step: the client may have predicted otherwise. */
  unsure: boolean
  /** A synthetic player: in no cell's list and no record, so nobody sees or hears it. */
  readonly unseen: boolean
  /** The gate it stands in, so that only walking into one counts; -1 for none. */
  gate: number
  /** Creatures alone. */
  wander: Wander | undefined
}

/** A gate in units. */
export type GateArea = {
  x0: number
  y0: number
  x1: number
  y1: number
  to: string
  arriveX: number
  arriveY: number
}

export type World = {
  tick: number
  readonly tickHz: number
  readonly width: number
  readonly height: number
  walls: Walls
  spawnX: number
  spawnY: number
  gates: readonly GateArea[]
  readonly random: Random
  readonly players: Entity[]
  readonly creatures: Entity[]
  /** Players whom nobody sees and no system of a game meets. */
  readonly unseen: Entity[]
  readonly grid: Grid<Entity>
  /** Indexed by slot. */
  readonly slots: (Entity | undefined)[]
  readonly generations: Uint8Array
  /** Free slots in order of release: the longest free is taken first. */
  readonly freeSlots: number[]
  /** Where the queue of creatures that wait for a decision goes on (systems/wander.ts). */
  wanderFrom: number
  /** What the game's own systems and messages remember. Plain data; the core never looks into it. */
  readonly game: Record<string, unknown>
}

/** What enters a step from outside, in order. A run is its seed and these. */
export type WorldInput =
  | {
      input: 'enter'
      /** Chosen by the caller and given back in the event. */
      ref: number
      look: string
      name: string
      x: number
      y: number
      heading: number
      radius: number
      unseen?: boolean
    }
  | { input: 'leave'; id: number }
  /** A new socket took over: what waited is void, the body stands. */
  | { input: 'halt'; id: number }
  | {
      input: 'commands'
      id: number
      first: number
      commands: readonly { heading: number; buttons: number }[]
    }
  /** A control message of a player, checked against the schema of its kind (rules.ts). */
  | { input: 'message'; id: number; kind: string; body: unknown }
  /** Other content of the same zone (content.ts). */
  | { input: 'content'; zone: Zone; creatures: ReadonlyMap<string, Creature> }

/** What a step has to say to the outside. */
export type WorldEvent =
  | { event: 'entered'; ref: number; entity: Entity }
  | { event: 'left'; entity: Entity }
  | { event: 'gate'; entity: Entity; gate: GateArea }
  /** A control message to the player itself, or to everybody who sees the entity, itself included. */
  | { event: 'say'; from: Entity; heard: 'self' | 'nearby'; kind: string; body: unknown }
  /** Something threw; the step went on without it. `ref`: of who could not enter. */
  | { event: 'failed'; what: string; error: unknown; ref?: number }

/** One step: its number, what came in, what went out. */
export type Tick = { number: number; inputs: readonly WorldInput[]; events: WorldEvent[] }

const slotsMax = 65_536

/** A zone as it begins, its creatures at their places. Throws when content names an unknown creature. */
export function createWorld(zone: Zone, creatures: Map<string, Creature>, seed: number): World {
  const width = metresToUnits(zone.width)
  const height = metresToUnits(zone.height)
  const world: World = {
    tick: 0,
    tickHz: zone.tickHz,
    width,
    height,
    walls: buildWalls(zone),
    spawnX: metresToUnits(zone.spawn.x),
    spawnY: metresToUnits(zone.spawn.y),
    gates: gatesOf(zone),
    random: createRandom(seed),
    players: [],
    creatures: [],
    unseen: [],
    grid: createGrid(width, height),
    slots: [],
    generations: new Uint8Array(slotsMax),
    freeSlots: [],
    wanderFrom: 0,
    game: {},
  }
  for (const group of zone.creatures) {
    const creature = creatures.get(group.creature)
    if (creature === undefined) {
      throw new Error(
        `zone ${zone.id} names the creature ${group.creature}, which is not in content`,
      )
    }
    for (let i = 0; i < group.count; i++) addCreature(world, creature, group.area)
  }
  return world
}

/** The gates of a zone in units. */
export function gatesOf(zone: Zone): GateArea[] {
  return zone.gates.map(({ area, to, arrive }) => ({
    x0: metresToUnits(area.x),
    y0: metresToUnits(area.y),
    x1: metresToUnits(area.x + area.width),
    y1: metresToUnits(area.y + area.height),
    to,
    arriveX: metresToUnits(arrive.x),
    arriveY: metresToUnits(arrive.y),
  }))
}

/** Puts an entity into a free slot. Undefined when all 65,536 are taken. */
export function addEntity(
  world: World,
  type: EntityType,
  look: string,
  name: string,
  x: number,
  y: number,
  heading: number,
  radius: number,
  unseen = false,
): Entity | undefined {
  const slot = world.freeSlots.shift() ?? world.slots.length
  if (slot >= slotsMax) return undefined
  // 1 to 255: no id is ever 0.
  const generation = (world.generations[slot]! % 255) + 1
  world.generations[slot] = generation
  const list = listOf(world, type, unseen)
  const entity: Entity = {
    id: slot | (generation << 16),
    type,
    x,
    y,
    heading,
    speed: 0,
    radius,
    look,
    name,
    shown: undefined,
    cell: cellOf(x, y),
    cellIndex: 0,
    index: list.length,
    commands: undefined,
    unsure: false,
    unseen,
    gate: gateAt(world, x, y),
    wander: undefined,
  }
  world.slots[slot] = entity
  list.push(entity)
  if (!unseen) placeInCell(world.grid, entity, entity.cell)
  return entity
}

/**
 * Shows everybody who sees the entity bytes of the game's own, from this step on: hit points, a pose.
 * They are sent when they change, and to whoever meets the entity. At most `shownMaxBytes`.
 */
export function show(entity: Entity, bytes: readonly number[]): void {
  if (bytes.length > shownMaxBytes) {
    throw new RangeError(`${bytes.length} bytes to show, at most ${shownMaxBytes} fit`)
  }
  // Always another array: that it changed is seen by identity.
  entity.shown = Uint8Array.from(bytes)
}

export function removeEntity(world: World, entity: Entity): void {
  const slot = entity.id & 0xffff
  world.slots[slot] = undefined
  world.freeSlots.push(slot)
  if (!entity.unseen) takeFromCell(world.grid, entity)
  const list = listOf(world, entity.type, entity.unseen)
  const last = list.pop()!
  if (last === entity) return
  list[entity.index] = last
  last.index = entity.index
}

function listOf(world: World, type: EntityType, unseen: boolean): Entity[] {
  if (unseen) return world.unseen
  return type === 'player' ? world.players : world.creatures
}

/** Who has this id now. */
export function entityOf(world: World, id: number): Entity | undefined {
  const entity = world.slots[id & 0xffff]
  return entity?.id === id ? entity : undefined
}

/** Index of the gate that a place lies in; -1 for none. */
export function gateAt(world: World, x: number, y: number): number {
  for (let i = 0; i < world.gates.length; i++) {
    const gate = world.gates[i]!
    if (x >= gate.x0 && x < gate.x1 && y >= gate.y0 && y < gate.y1) return i
  }
  return -1
}

/** Puts a creature somewhere free in an area, in metres. */
export function addCreature(
  world: World,
  creature: Creature,
  area: { x: number; y: number; width: number; height: number },
): void {
  const radius = metresToUnits(creature.radius)
  const x0 = metresToUnits(area.x)
  const y0 = metresToUnits(area.y)
  let x = world.spawnX
  let y = world.spawnY
  // An area may be crowded with walls: after this many places that are not free, the zone's spawn.
  for (let tries = 0; tries < 100; tries++) {
    const tryX = between(world.random, x0, x0 + Math.max(0, metresToUnits(area.width) - 1))
    const tryY = between(world.random, y0, y0 + Math.max(0, metresToUnits(area.height) - 1))
    if (world.walls.blocked(tryX, tryY, radius)) continue
    x = tryX
    y = tryY
    break
  }
  const heading = between(world.random, 0, 1023) << 6
  const entity = addEntity(world, 'creature', creature.id, creature.name, x, y, heading, radius)
  if (entity === undefined) throw new Error('a zone holds at most 65,536 entities')
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
  const speed = speedToSteps(creature.speed)
  return { spawnX, spawnY, radius, speed, pauseMin, pauseMax, until }
}
