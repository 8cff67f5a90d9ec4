// Which picture stands for an entity: what the game says, else what its content says, else a plain one. So
// nothing that is in view is invisible.
import type { BodyKind } from '#shared/components/schema.ts'
import type { Creature } from '#shared/content/content.ts'

/** What the page knows to paint on a creature. */
export type Mark = 'antlers' | 'beak' | 'brush' | 'comb' | 'ears' | 'mask' | 'tail' | 'tusks'

/** A creature from above. Lengths are radii of its body. */
export type CreatureShape = {
  length: number
  width: number
  head: number
  marks: readonly Mark[]
}

type Colored = {
  /** `#rrggbb`; by default that of the content. */
  color?: string
  /** Metres; by default that of the content. */
  radius?: number
}

/** How something looks: a flat disc, a spark that glows, or a creature. */
export type Look =
  | (Colored & { paint: 'disc' | 'spark' })
  | (Colored & CreatureShape & { paint: 'creature' })

export type Paint = Look['paint'] | 'player'

/** The look of an entity, with nothing left open. */
export type FullLook = {
  paint: Paint
  color: string
  radius: number
  shape: CreatureShape
}

const plain: CreatureShape = { length: 1.9, width: 1.2, head: 0.42, marks: [] }
const defaults = {
  player: { color: '#9aa0a6', radius: 0.4 },
  creature: { color: '#9aa0a6', radius: 0.4 },
  disc: { color: '#c9ced3', radius: 0.4 },
  spark: { color: '#ffd27a', radius: 0.3 },
} as const

/** What the look of an entity depends on. */
export type Looking = { body: BodyKind; archetype: string; appearance: string }

/** `creature`: what the content says of the appearance. */
export function lookOf(
  { body, archetype, appearance }: Looking,
  shapes: Readonly<Record<string, Look>>,
  creature: Pick<Creature, 'color' | 'radius'> | undefined,
): FullLook {
  const look = shapes[appearance] ?? shapes[archetype]
  const paint = look?.paint ?? plainPaint(body, creature !== undefined)
  return {
    paint,
    color: look?.color ?? creature?.color ?? defaults[paint].color,
    radius: look?.radius ?? creature?.radius ?? defaults[paint].radius,
    shape: look?.paint === 'creature' ? look : plain,
  }
}

function plainPaint(body: BodyKind, inContent: boolean): Paint {
  if (body === 'player') return 'player'
  if (body === 'projectile') return 'spark'
  return inContent ? 'creature' : 'disc'
}
