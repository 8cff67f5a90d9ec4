// A zone as it begins.
import type { Creature, Zone } from '#shared/content/content.ts'
import type { OfGame } from '#shared/content/kind.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import { metresToUnits, playerRadius } from '#shared/rules/units.ts'
import { buildWalls } from '#shared/rules/walls.ts'
import { worldAbilities } from './ability.ts'
import { createComponents } from './components.ts'
import { groupsOf, spawnSomewhere } from './creatures.ts'
import { gatesOf } from './gates.ts'
import { createGrid } from './grid.ts'
import { createRandom } from './random.ts'
import { coreRules } from './rules.ts'
import type { ZoneRules } from './rules.ts'
import { slotsMax } from './slots.ts'
import { createZone } from './facade.ts'
import type { World } from './world.ts'

export type Facts = {
  /** The name of this running copy. */
  readonly instance: string
  readonly difficulty?: string | undefined
  /** The entries of the game's kinds of content. */
  readonly ofGame: OfGame
  /** What is played in it. */
  readonly match?: PlayedMatch | undefined
}

type WorldRules = Pick<ZoneRules, 'archetypes' | 'components' | 'abilities'>

const unnamed: Facts = { instance: '', ofGame: new Map() }

/** With its creatures in their areas. Throws when the zone names an unknown creature. */
export function createWorld(
  zone: Zone,
  creatures: ReadonlyMap<string, Creature>,
  seed: number,
  { archetypes, components: ofPlayers, abilities }: WorldRules = coreRules,
  { instance, ofGame, difficulty, match }: Facts = unnamed,
): World {
  const width = metresToUnits(zone.width)
  const height = metresToUnits(zone.height)
  const components = createComponents(archetypes, ofPlayers, abilities)
  const world: Omit<World, 'zone'> & { zone?: World['zone'] } = {
    id: zone.id,
    instance,
    difficulty,
    seed,
    ofGame,
    match,
    places: undefined,
    isPrivate: zone.private !== undefined,
    closesAt: Number.POSITIVE_INFINITY,
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
    components,
    abilities: worldAbilities(abilities, components, zone.tickHz),
    casts: [],
    archetypes: new Map(archetypes.map((one) => [one.name, one])),
    parties: new Map(),
    slots: [],
    generations: new Uint8Array(slotsMax),
    freeSlots: [],
    creatureKinds: creatures,
    events: [],
    wanderFrom: 0,
    peers: new Map(archetypes.map((one) => [one, []])),
    orders: [],
    walking: [],
    arrived: [],
    timers: [],
    happening: new Map(),
    largestRadius: playerRadius,
    state: {},
    rules: undefined,
    faults: 0,
  }
  const made = world as World
  world.zone = createZone(made)
  populate(made, zone)
  return made
}

/** Puts the creatures of the content into their areas. */
function populate(world: World, zone: Zone): void {
  for (const group of groupsOf(zone, world.difficulty)) {
    const creature = world.creatureKinds.get(group.creature)
    if (creature === undefined) {
      throw new Error(
        `zone ${zone.id} names the creature ${group.creature}, which is not in content`,
      )
    }
    for (let i = 0; i < group.count; i++) spawnSomewhere(world, creature, group.area)
  }
}
