// From where the pointer is, or where the player looks, to what an ability aims at.
import type { AimKind, Aim } from '#shared/rules/own-state.ts'
import { cosOf, headingTo, sinOf } from '#shared/rules/heading.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import type { UseRefusal } from '../library/own-abilities.ts'

/** `pointer`: at the mouse, or where a finger has tapped; `facing`: where the player looks. */
export type AimBy = 'pointer' | 'facing'

type Place = { readonly x: number; readonly y: number }

/** What aims depend on, in units. */
export type Around = {
  self: Place & { heading: number }
  /** Undefined without a mouse, and before a finger has tapped: then the player's own direction counts. */
  pointer: Place | undefined
  others: readonly (Place & { id: number })[]
  /** Of the ability. */
  range: number | undefined
}

/** A place that is aimed at by looking alone is this far away. */
const placeAhead = metresToUnits(5)
/** An entity that is aimed at by the pointer is at most so far from it. */
const pointerReach = metresToUnits(2)
/** Without a range, an entity in front is at most so far away. */
const frontReach = metresToUnits(20)

/** Of an ability or its name, the name. */
export const nameOf = (ability: string | { readonly name: string }): string =>
  typeof ability === 'string' ? ability : ability.name

/** Undefined when there is nothing to aim at. */
export function aimOf(kind: AimKind, by: AimBy, around: Around): Aim | undefined {
  const { self, others, range } = around
  const pointer = by === 'pointer' ? around.pointer : undefined
  switch (kind) {
    case 'none':
      return { aim: 'none' }
    case 'heading': {
      if (pointer === undefined) return { aim: 'heading', heading: self.heading }
      return { aim: 'heading', heading: headingTo(...way(self, pointer)) }
    }
    case 'place': {
      const { x, y } = pointer ?? ahead(self, Math.min(range ?? placeAhead, placeAhead))
      return { aim: 'place', x: Math.round(x), y: Math.round(y) }
    }
    case 'entity': {
      const target = pointer
        ? nearest(pointer, others, pointerReach)
        : nearest(
            self,
            others.filter((other) => isInFront(self, other)),
            range ?? frontReach,
          )
      return target && { aim: 'entity', id: target.id }
    }
  }
}

/** What a player reads beside the own body when an ability is not used. Empty: nothing. */
export function refusalWord(refused: UseRefusal): string {
  switch (refused) {
    case 'cooldown':
    case 'casting':
    case 'busy':
      return 'not ready'
    case 'cost':
      return 'not enough'
    case 'range':
      return 'too far'
    case 'target':
      return 'no target'
    case 'aim':
      return 'not there'
    case 'rooted':
      return 'held fast'
    case 'paused':
    case 'unknown':
      return 'not now'
    // The connection is gone, or was late: the page says so elsewhere, or it passes.
    case 'late':
    case 'lost':
      return ''
  }
}

const way = (from: Place, to: Place): [number, number] => [
  Math.round(to.x - from.x),
  Math.round(to.y - from.y),
]

function ahead({ x, y, heading }: Around['self'], distance: number): Place {
  const along = distance / 16_384
  return { x: x + cosOf(heading) * along, y: y + sinOf(heading) * along }
}

/** Within 60 degrees to either side. */
function isInFront(self: Around['self'], other: Place): boolean {
  const [dx, dy] = way(self, other)
  return (cosOf(self.heading) * dx + sinOf(self.heading) * dy) / 16_384 >= Math.hypot(dx, dy) / 2
}

function nearest<P extends Place>(to: Place, places: readonly P[], within: number): P | undefined {
  let [found, best]: [P | undefined, number] = [undefined, within]
  for (const place of places) {
    const distance = Math.hypot(place.x - to.x, place.y - to.y)
    if (distance > best) continue
    found = place
    best = distance
  }
  return found
}
