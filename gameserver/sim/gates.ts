// Gates of a zone: areas that lead to another one.
import type { Zone } from '#shared/content/content.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import type { GateArea, World } from './world.ts'

/** The gates of a zone in units. */
export function gatesOf(zone: Zone): GateArea[] {
  return zone.gates.map(({ area, to, arrive, difficulty }) => ({
    x0: metresToUnits(area.x),
    y0: metresToUnits(area.y),
    x1: metresToUnits(area.x + area.width),
    y1: metresToUnits(area.y + area.height),
    to,
    arrive: arrive && { x: metresToUnits(arrive.x), y: metresToUnits(arrive.y) },
    difficulty,
  }))
}

/** Index of the gate that a place lies in; -1 for none. */
export function gateAt(world: World, x: number, y: number): number {
  for (let i = 0; i < world.gates.length; i++) {
    const gate = world.gates[i]!
    if (x >= gate.x0 && x < gate.x1 && y >= gate.y0 && y < gate.y1) return i
  }
  return -1
}
