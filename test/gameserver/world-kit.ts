// Small worlds for tests.
import type { Content, Creature, WorldEvent, Zone } from '#shared/content/content.ts'
import { zoneSchema } from '#shared/content/content.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import type { WorldInput } from '#gameserver/sim/world.ts'

export const deer: Creature = {
  id: 'deer',
  name: 'Deer',
  color: '#b08968',
  radius: 0.6,
  speed: 3,
  wander: { radius: 15, pauseSeconds: { min: 0.2, max: 1 } },
}

/** A field of 120 x 120 m with two walls, a gate in the far corner and some deer. */
export function testZone(changes: Partial<Zone> = {}): Zone {
  return zoneSchema.parse({
    id: 'field',
    name: 'Field',
    kind: 'field',
    width: 120,
    height: 120,
    capacity: 50,
    tickHz: 20,
    viewRadius: 20,
    ground: '#00ff00',
    spawn: { x: 60, y: 60 },
    walls: [
      { x: 40, y: 40, width: 12, height: 3 },
      { x: 70, y: 30, width: 2, height: 40 },
    ],
    gates: [
      {
        id: 'out',
        name: 'Out',
        area: { x: 110, y: 110, width: 8, height: 8 },
        to: 'elsewhere',
        arrive: { x: 7, y: 9 },
      },
    ],
    creatures: [{ creature: 'deer', count: 12, area: { x: 20, y: 20, width: 80, height: 80 } }],
    ...changes,
  })
}

export function testContent(zones: Zone[], events: WorldEvent[] = []): Content {
  return {
    races: new Map(),
    words: new Map(),
    leaderboards: new Map(),
    queues: new Map(),
    jobs: new Map(),
    creatures: new Map([[deer.id, deer]]),
    events: new Map(events.map((event) => [event.id, event])),
    ofGame: new Map(),
    zones: new Map(zones.map((zone) => [zone.id, zone])),
    startZone: zones[0]!.id,
    version: 'test',
  }
}

export function enterInput(
  ref: number,
  xMetres: number,
  yMetres: number,
): Extract<WorldInput, { input: 'enter' }> {
  return {
    input: 'enter',
    ref,
    appearance: 'human/mage',
    name: `Player${ref}`,
    x: metresToUnits(xMetres),
    y: metresToUnits(yMetres),
    heading: 0,
    radius: 480,
    who: { characterId: `character${ref}`, accountId: `account${ref}` },
  }
}
