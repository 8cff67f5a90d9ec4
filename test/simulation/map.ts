// The world of the simulation: two narrow zones. A player who walks east for half a minute comes to the gate
// into the other one. So positions only rise until a gate is passed.
import type { Content, Zone } from '#shared/content/content.ts'

export const realmId = 'sim'
export const zoneIds = ['hub', 'forest'] as const

/** Steps a second: the tick thread of the simulation wakes as often. */
const tickHz = 4

export function createContent(capacity: number, zoneMetres: number): Content {
  const zone = (id: string, to: string): Zone => ({
    id,
    name: id,
    kind: 'field',
    width: zoneMetres,
    // The game of the simulation tells zones apart by it.
    height: id === 'hub' ? 25 : 26,
    capacity,
    // Content allows 20 and 30; the rules of movement work with this too, and a run costs a fifth.
    tickHz: tickHz as Zone['tickHz'],
    viewRadius: 10,
    ground: '#333333',
    spawn: { x: 5, y: 12 },
    walls: [],
    gates: [
      {
        id: 'east',
        name: 'East',
        area: { x: zoneMetres - 12, y: 0, width: 12, height: 25 },
        to,
        arrive: { x: 5, y: 12 },
      },
    ],
    creatures: [],
  })
  return {
    races: new Map(),
    words: new Map(),
    leaderboards: new Map(),
    queues: new Map(),
    jobs: new Map(),
    creatures: new Map(),
    events: new Map(),
    ofGame: new Map(),
    zones: new Map([
      ['hub', zone('hub', 'forest')],
      ['forest', zone('forest', 'hub')],
    ]),
    startZone: 'hub',
    version: 'sim',
  }
}
