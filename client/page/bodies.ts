// Everybody and everything from above, facing right. Each look is painted once.
import { page } from '#game/page'
import type { Texture } from 'pixi.js'
import type { Creature, Race } from '#shared/content/content.ts'
import { lookOf } from './looks.ts'
import type { CreatureShape, FullLook, Looking } from './looks.ts'
import { disc, paint, shade, worldResolution } from './paint.ts'
import type { Brush } from './paint.ts'

export type Appearances = { races: Race[]; creatures: Creature[] }

export type Bodies = {
  look(entity: Looking): FullLook
  /** The texture of an entity; the same texture for the same archetype and appearance. */
  body(entity: Looking): Texture
  /** What lies under everybody, 2 m wide at scale 1. */
  readonly shadow: Texture
  /** What lies under oneself, as large as the shadow. */
  readonly ring: Texture
  destroy(): void
}

const unknownColor = '#9aa0a6'
const outline = '#1d2328b0'

export function createBodies({ races, creatures }: Appearances): Bodies {
  const painted = new Map<string, Texture>()
  const shadow = paint(2, 2, worldResolution, (brush) => {
    const soft = brush.createRadialGradient(1, 1, 0.35, 1, 1, 1)
    soft.addColorStop(0, '#0a141055')
    soft.addColorStop(1, '#0a141000')
    brush.fillStyle = soft
    brush.fillRect(0, 0, 2, 2)
  })
  const ring = paint(2, 2, worldResolution, (brush) => {
    brush.strokeStyle = '#fff3d0c0'
    brush.lineWidth = 0.09
    disc(brush, 1, 1, 0.9)
    brush.stroke()
    brush.fillStyle = '#fff3d02e'
    brush.fill()
  })
  const look = (entity: Looking) =>
    lookOf(
      entity,
      page.shapes ?? {},
      creatures.find((each) => each.id === entity.appearance),
    )
  const drawPerson = (brush: Brush, appearance: string) => {
    const [race, job] = appearance.split('/')
    const skin = races.find((each) => each.id === race)?.color ?? unknownColor
    drawPlayer(brush, skin, page.colors?.[job ?? ''] ?? unknownColor)
  }
  const make = (entity: Looking): Texture => {
    const { paint: kind, color, radius, shape } = look(entity)
    // Tails and antlers reach beyond the radius that collides.
    const side = radius * 4
    return paint(side, side, worldResolution, (brush) => {
      brush.translate(side / 2, side / 2)
      brush.scale(radius, radius)
      brush.lineWidth = 0.1
      brush.strokeStyle = outline
      brush.lineJoin = 'round'
      if (kind === 'player') drawPerson(brush, entity.appearance)
      else if (kind === 'creature') drawCreature(brush, color, shape)
      else if (kind === 'spark') drawSpark(brush, color)
      else drawDisc(brush, color)
    })
  }

  return {
    look,
    body(entity) {
      const key = `${entity.body} ${entity.archetype} ${entity.appearance}`
      const found = painted.get(key) ?? make(entity)
      painted.set(key, found)
      return found
    },
    shadow,
    ring,
    destroy() {
      for (const texture of [shadow, ring, ...painted.values()]) texture.destroy(true)
      painted.clear()
    },
  }
}

/** Shoulders in the colour of the job, head and hands in that of the race. Units: radii. */
function drawPlayer(brush: Brush, skin: string, clothes: string): void {
  for (const side of [-1, 1]) {
    disc(brush, 0.52, side * 0.72, 0.24)
    filled(brush, skin)
  }
  disc(brush, -0.08, 0, 0.7, 1.02)
  filled(brush, clothes)
  disc(brush, -0.3, 0, 0.42, 0.72)
  brush.fillStyle = shade(clothes, -0.18)
  brush.fill()
  disc(brush, 0.1, 0, 0.58)
  filled(brush, skin)
  // Hair behind, eyes in front: these show where somebody looks.
  brush.beginPath()
  brush.arc(0.1, 0, 0.55, Math.PI * 0.42, Math.PI * 1.58)
  brush.closePath()
  brush.fillStyle = shade(skin, -0.5)
  brush.fill()
  for (const side of [-1, 1]) {
    disc(brush, 0.48, side * 0.2, 0.075)
    brush.fillStyle = '#1d2328'
    brush.fill()
  }
}

function drawCreature(brush: Brush, color: string, shape: CreatureShape): void {
  const { length, width, head } = shape
  const marks = new Set(shape.marks)
  const headAt = length / 2 + head * 0.35
  const dark = shade(color, -0.35)
  if (marks.has('brush')) {
    disc(brush, -length / 2 - 0.35, 0, 0.55, 0.24)
    filled(brush, color)
    disc(brush, -length / 2 - 0.72, 0, 0.2, 0.17)
    brush.fillStyle = '#f6efe2'
    brush.fill()
  }
  if (marks.has('tail')) {
    brush.beginPath()
    brush.moveTo(-length / 2 + 0.3, 0)
    brush.lineTo(-length / 2 - 0.45, -0.5)
    brush.lineTo(-length / 2 - 0.3, 0)
    brush.lineTo(-length / 2 - 0.45, 0.5)
    brush.closePath()
    filled(brush, dark)
  }
  disc(brush, 0, 0, length / 2, width / 2)
  filled(brush, color)
  disc(brush, -length * 0.08, 0, length * 0.3, width * 0.2)
  brush.fillStyle = shade(color, 0.14)
  brush.fill()
  if (marks.has('antlers')) {
    brush.save()
    brush.strokeStyle = '#efe2c4'
    brush.lineWidth = 0.11
    for (const side of [-1, 1]) {
      brush.beginPath()
      brush.moveTo(headAt - 0.05, side * 0.2)
      brush.lineTo(headAt - 0.3, side * 0.85)
      brush.moveTo(headAt - 0.16, side * 0.5)
      brush.lineTo(headAt + 0.2, side * 0.72)
      brush.stroke()
    }
    brush.restore()
  }
  if (marks.has('ears')) {
    for (const side of [-1, 1]) {
      disc(brush, headAt - head * 0.6, side * head * 0.95, head * 0.4, head * 0.3)
      filled(brush, dark)
    }
  }
  disc(brush, headAt, 0, head * 1.15, head)
  filled(brush, color)
  if (marks.has('mask')) {
    brush.fillStyle = '#f2f0ea'
    brush.fillRect(headAt - head * 0.8, -head * 0.25, head * 1.85, head * 0.5)
  }
  if (marks.has('comb')) {
    disc(brush, headAt - 0.05, 0, 0.26, 0.12)
    filled(brush, '#d1493b')
  }
  if (marks.has('beak')) {
    brush.beginPath()
    brush.moveTo(headAt + head * 0.8, -0.18)
    brush.lineTo(headAt + head * 0.8 + 0.36, 0)
    brush.lineTo(headAt + head * 0.8, 0.18)
    brush.closePath()
    filled(brush, '#e8a33c')
  }
  if (marks.has('tusks')) {
    for (const side of [-1, 1]) {
      disc(brush, headAt + head * 0.95, side * head * 0.5, 0.2, 0.08)
      filled(brush, '#fffbea')
    }
  }
  for (const side of [-1, 1]) {
    disc(brush, headAt + head * 0.45, side * head * 0.48, 0.075)
    brush.fillStyle = '#15181b'
    brush.fill()
  }
}

/** A flat plate with a rim of light. */
function drawDisc(brush: Brush, color: string): void {
  disc(brush, 0, 0, 1)
  filled(brush, color)
  disc(brush, 0, 0, 0.78)
  brush.strokeStyle = `${shade(color, 0.45)}b0`
  brush.stroke()
  disc(brush, -0.2, -0.25, 0.3)
  brush.fillStyle = `${shade(color, 0.5)}90`
  brush.fill()
}

/** A bright core in its own light, with a tail behind. */
function drawSpark(brush: Brush, color: string): void {
  const light = brush.createRadialGradient(0, 0, 0.2, 0, 0, 1.9)
  light.addColorStop(0, `${color}b0`)
  light.addColorStop(1, `${color}00`)
  brush.fillStyle = light
  brush.fillRect(-2, -2, 4, 4)
  const tail = brush.createLinearGradient(-2, 0, 0, 0)
  tail.addColorStop(0, `${color}00`)
  tail.addColorStop(1, color)
  brush.beginPath()
  brush.moveTo(-2, 0)
  brush.lineTo(0, -0.75)
  brush.lineTo(0, 0.75)
  brush.closePath()
  brush.fillStyle = tail
  brush.fill()
  disc(brush, 0, 0, 0.8)
  brush.fillStyle = color
  brush.fill()
  disc(brush, 0.08, 0, 0.45)
  brush.fillStyle = shade(color, 0.75)
  brush.fill()
}

/** Fills the path and draws its edge. */
function filled(brush: Brush, color: string): void {
  brush.fillStyle = color
  brush.fill()
  brush.stroke()
}
