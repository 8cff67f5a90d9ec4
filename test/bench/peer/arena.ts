// The world of the peer bench, added to a zone as a game adds to it: an open square of 1000 x 1000 m in
// which everybody walks all the time and is mirrored at the walls of a box; hit points change every
// 5 s, a counter stands for an animation.
//
// Mirrored: at a wall the component of the course that led there changes its sign, and stays changed for
// every heading asked for later.
import { Players } from '#gameserver/sim/archetype.ts'
import { headingOf, radiansOf } from '#gameserver/sim/handle.ts'
import type { EntityHandle } from '#gameserver/sim/zone.ts'
import type { GameSystem, ZoneRules } from '#gameserver/sim/rules.ts'
import { zoneGame } from '#gameserver/sim/rules.ts'
import type { Zone } from '#gameserver/sim/zone.ts'
import { component } from '#shared/components/component.ts'
import { u8 } from '#shared/components/fields.ts'
import type { Zone as ZoneContent } from '#shared/content/content.ts'
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { metresToUnits, speedOfMetres, unitsPerMetre } from '#shared/rules/units.ts'

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
const tickHz = 20
const hpEveryTicks = 100

export function arenaZone(capacity: number): ZoneContent {
  return {
    id: 'arena',
    name: 'Arena',
    kind: 'field',
    width: sizeMetres,
    height: sizeMetres,
    capacity,
    tickHz,
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
  const walkerOf = (entity: EntityHandle) => walkers[entity.id & 0xffff]!

  // The core has moved everybody along the heading asked for; it leads elsewhere for the mirrored.
  const mirror: GameSystem = {
    name: 'mirror',
    after: 'movement',
    run(zone, events) {
      for (const { event, player: entity } of events) {
        if (event !== 'entered') continue
        const fresh = { flipX: false, flipY: false, asked: -1, animation: 1 }
        const walker = { ...vitalsOf(entity.name), ...fresh }
        walkers[entity.id & 0xffff] = walker
        present(zone, entity, walker)
      }
      for (const player of zone.all(Players)) {
        if (player.speed === 0) continue
        const speed = speedOfMetres(player.speed)
        const asked = headingOf(player.heading)
        const walker = walkerOf(player)
        if (asked !== walker.asked) {
          walker.asked = asked
          walker.animation = (walker.animation + 1) & 3
          present(zone, player, walker)
        }
        const heading = mirrored(asked, walker)
        let x = metresToUnits(player.x) + dxOf(heading, speed, tickHz) - dxOf(asked, speed, tickHz)
        let y = metresToUnits(player.y) + dyOf(heading, speed, tickHz) - dyOf(asked, speed, tickHz)
        if (x < x0 || x > x1) {
          x = 2 * (x < x0 ? x0 : x1) - x
          walker.flipX = !walker.flipX
        }
        if (y < y0 || y > y1) {
          y = 2 * (y < y0 ? y0 : y1) - y
          walker.flipY = !walker.flipY
        }
        const to = { x: x / unitsPerMetre, y: y / unitsPerMetre }
        zone.place(player, to, radiansOf(mirrored(asked, walker)))
      }
    },
  }

  const change: GameSystem = {
    name: 'vitals',
    after: 'cells',
    run(zone) {
      const tick = Math.round(zone.now * tickHz)
      for (const player of zone.all(Players)) {
        if ((tick + player.id) % hpEveryTicks !== 0) continue
        const walker = walkerOf(player)
        walker.hp = 50 + ((walker.hp * 7 + 13) % 50)
        present(zone, player, walker)
      }
    },
  }

  return zoneGame({ systems: [mirror, change], players: { parts: [Shown] } })
}

function present(zone: Zone, player: EntityHandle, { hp, animation, level }: Walker): void {
  zone.set(player, Shown, { hp, animation, level })
}

function mirrored(heading: number, { flipX, flipY }: Walker): number {
  const turned = flipX ? 32_768 - heading : heading
  return (flipY ? -turned : turned) & 0xffff
}
