// Where a bot walks. It turns every 1.5 to 2.5 seconds, sometimes stands, and sometimes walks to a gate.
import type { Zone } from '#shared/content/content.ts'
import { headingTo } from '#shared/rules/heading.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import type { Self } from '../library/zone.ts'

export type WalkerOptions = {
  /** The zone to stay in. In another zone a bot walks to a gate that leads there. */
  zone?: string
}

export type Walker = {
  /** A heading to walk in, `stand`, or undefined to go on as before. */
  decide(self: Self, zone: Zone, now: number): number | 'stand' | undefined
}

const turnEveryMs = { min: 1500, max: 2500 }
const standChance = 0.15
const gateChance = 0.03
/** After so many tries a bot stops running against the same wall. */
const gateTriesMax = 12

export function createWalker(random: () => number, options: WalkerOptions): Walker {
  let turnAt = 0
  let goal: { x: number; y: number; tries: number } | undefined
  let zoneId = ''

  const gateGoal = (zone: Zone) => {
    const strayed = options.zone !== undefined && options.zone !== zone.id
    // Those that lead to a private zone are for parties.
    const wanted = zone.gates.filter(
      ({ to, arrive }) => arrive !== undefined && (options.zone ?? to) === to,
    )
    if (!strayed && (options.zone !== undefined || random() >= gateChance)) return undefined
    const gate = wanted[Math.floor(random() * wanted.length)]
    if (gate === undefined) return undefined
    const { x, y, width, height } = gate.area
    return { x: metresToUnits(x + width / 2), y: metresToUnits(y + height / 2), tries: 0 }
  }

  return {
    decide(self, zone, now) {
      if (zone.id !== zoneId) {
        zoneId = zone.id
        goal = undefined
        turnAt = 0
      }
      if (now < turnAt) return undefined
      turnAt = now + turnEveryMs.min + random() * (turnEveryMs.max - turnEveryMs.min)
      goal ??= gateGoal(zone)
      if (goal) {
        goal.tries++
        // Each third turn is random, which leads around most walls.
        if (goal.tries % 3 !== 0) return headingTo(goal.x - self.x, goal.y - self.y)
        if (goal.tries > gateTriesMax) goal = undefined
      } else if (random() < standChance) return 'stand'
      return Math.floor(random() * 65_536)
    },
  }
}
