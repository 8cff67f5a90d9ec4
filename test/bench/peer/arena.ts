// The world of the peer bench, added to a zone as a game adds to it: an open square of 1000 x 1000 m in
// which everybody walks all the time and is mirrored at the walls of a box; hit points change every
// 5 s, a counter stands for an animation.
//
// Mirrored: at a wall the component of the course that led there changes its sign, and stays changed for
// every heading asked for later.
import type { GameSystem, ZoneRules } from '#gameserver/sim/rules.ts'
import { zoneRules } from '#gameserver/sim/rules.ts'
import { place, set } from '#gameserver/sim/entities.ts'
import { nameOf } from '#gameserver/sim/slots.ts'
import type { GameEntity, GameWorld } from '#gameserver/sim/world.ts'
import { component } from '#shared/components/component.ts'
import { u8 } from '#shared/components/fields.ts'
import type { Zone } from '#shared/content/content.ts'
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { metresToUnits } from '#shared/rules/units.ts'

/** In metres of the bench. */
export type Box = { x0: number; y0: number; x1: number; y1: number }

/** What all see of a player. */
export const Shown = component(
  'shown',
  { hp: u8, animation: u8, level: u8 },
  { audience: 'near', life: 'entity', first: { hp: 0, animation: 0, level: 0 } },
)

/** What a player is besides a name and a place. */
export type Vitals = { hp: number; level: number }

/** The bench's own workloads (its README). */
export const boxes: Readonly<Record<string, Box>> = {
  sparse: { x0: 0, y0: 0, x1: 1000, y1: 1000 },
  town: { x0: 400, y0: 400, x1: 600, y1: 600 },
}

/** The bench's origin lies here in the zone, in metres: a body may stand on the bench's border. */
export const marginMetres = 12.5
/** Everybody within it must be seen, in metres. */
export const viewRadius = 50

const sizeMetres = 1000 + 2 * marginMetres
const hpEveryTicks = 100

export function arenaZone(capacity: number): Zone {
  return {
    id: 'arena',
    name: 'Arena',
    kind: 'field',
    width: sizeMetres,
    height: sizeMetres,
    capacity,
    tickHz: 20,
    viewRadius,
    ground: '#333333',
    spawn: { x: sizeMetres / 2, y: sizeMetres / 2 },
    walls: [],
    gates: [],
    creatures: [],
  }
}

/** What is remembered of a player from step to step. */
type Walker = Vitals & {
  flipX: boolean
  flipY: boolean
  /** The heading of its newest command. */
  asked: number
  animation: number
}

/** `vitalsOf` is asked for each player who enters, by name. */
export function arenaRules(box: Box, vitalsOf: (name: string) => Vitals): ZoneRules {
  const x0 = metresToUnits(box.x0 + marginMetres)
  const y0 = metresToUnits(box.y0 + marginMetres)
  const x1 = metresToUnits(box.x1 + marginMetres)
  const y1 = metresToUnits(box.y1 + marginMetres)
  /** Indexed by slot. */
  const walkers: Walker[] = []
  const walkerOf = (entity: GameEntity) => walkers[entity.id & 0xffff]!

  // The core has moved everybody along the heading asked for; it leads elsewhere for the mirrored.
  const mirror: GameSystem = {
    name: 'mirror',
    after: 'movement',
    run(world, { events }) {
      const { players, tickHz } = world
      for (const event of events) {
        if (event.event !== 'entered') continue
        const { entity } = event
        const fresh = { flipX: false, flipY: false, asked: -1, animation: 1 }
        const walker = { ...vitalsOf(nameOf(world, entity)), ...fresh }
        walkers[entity.id & 0xffff] = walker
        present(world, entity, walker)
      }
      for (const player of players) {
        const { speed, heading: asked } = player
        if (speed === 0) continue
        const walker = walkerOf(player)
        if (asked !== walker.asked) {
          walker.asked = asked
          walker.animation = (walker.animation + 1) & 3
          present(world, player, walker)
        }
        const heading = mirrored(asked, walker)
        let x = player.x + dxOf(heading, speed, tickHz) - dxOf(asked, speed, tickHz)
        let y = player.y + dyOf(heading, speed, tickHz) - dyOf(asked, speed, tickHz)
        if (x < x0 || x > x1) {
          x = 2 * (x < x0 ? x0 : x1) - x
          walker.flipX = !walker.flipX
        }
        if (y < y0 || y > y1) {
          y = 2 * (y < y0 ? y0 : y1) - y
          walker.flipY = !walker.flipY
        }
        place(world, player, { x, y, heading: mirrored(asked, walker) })
      }
    },
  }

  const change: GameSystem = {
    name: 'vitals',
    after: 'cells',
    run(world) {
      const { players, tick } = world
      for (const player of players) {
        if ((tick + player.id) % hpEveryTicks !== 0) continue
        const walker = walkerOf(player)
        walker.hp = 50 + ((walker.hp * 7 + 13) % 50)
        present(world, player, walker)
      }
    },
  }

  return zoneRules({ systems: [mirror, change], components: [Shown] })
}

function present(world: GameWorld, player: GameEntity, { hp, animation, level }: Walker): void {
  set(world, player, Shown, { hp, animation, level })
}

function mirrored(heading: number, { flipX, flipY }: Walker): number {
  const turned = flipX ? 32_768 - heading : heading
  return (flipY ? -turned : turned) & 0xffff
}
