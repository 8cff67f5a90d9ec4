// Gates: a shining threshold between two posts, and arrows that run in the direction of the gate.
import { Container, Sprite } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { paint } from './paint.ts'
import { shadowColor } from './scenery.ts'

type ZoneGate = Zone['gates'][number]

export type Gate = {
  readonly layer: Container
  /** Moves the arrows. `now` in ms. */
  animate(now: number): void
  destroy(): void
}

const resolution = 24
const arrowsCount = 3
/** Time in which the light moves from one arrow to the next, ms. */
const arrowMs = 320
/** The light and the posts reach this far around the area, metres. */
const margin = 2

/** The direction of a gate, as an angle: over the nearest edge of its zone. */
function angleOf({ area: { x, y, width, height } }: ZoneGate, zone: Zone): number {
  const ways = [
    { far: zone.width - (x + width / 2), angle: 0 },
    { far: zone.height - (y + height / 2), angle: Math.PI / 2 },
    { far: x + width / 2, angle: Math.PI },
    { far: y + height / 2, angle: -Math.PI / 2 },
  ]
  return ways.reduce((a, b) => (b.far < a.far ? b : a)).angle
}

export function createGate(gate: ZoneGate, zone: Zone): Gate {
  const { x, y, width, height } = gate.area
  const angle = angleOf(gate, zone)
  const [cos, sin] = [Math.round(Math.cos(angle)), Math.round(Math.sin(angle))]
  const threshold = paint(width + margin * 2, height + margin * 2, resolution, (brush) => {
    brush.translate(margin, margin)
    brush.shadowColor = '#a8e4ff'
    brush.shadowBlur = margin * resolution * 0.9
    brush.fillStyle = '#9fdcff7a'
    brush.beginPath()
    brush.roundRect(0, 0, width, height, 0.8)
    brush.fill()
    brush.shadowBlur = 0
    brush.strokeStyle = '#dff4ffb0'
    brush.lineWidth = 0.14
    brush.stroke()
    // A post at both ends of the side where players enter.
    for (const end of [0, 1]) {
      const postX = cos === 0 ? end * width : cos > 0 ? 0 : width
      const postY = sin === 0 ? end * height : sin > 0 ? 0 : height
      brush.fillStyle = `${shadowColor}44`
      brush.fillRect(postX - 0.3, postY - 0.3, 1.4, 1.4)
      brush.fillStyle = '#48606e'
      brush.fillRect(postX - 0.7, postY - 0.7, 1.4, 1.4)
      brush.fillStyle = '#c9ecff'
      brush.fillRect(postX - 0.5, postY - 0.55, 1, 0.85)
    }
  })
  const arrowHeight = Math.min(3, cos === 0 ? width : height)
  const arrow = paint(1.8, arrowHeight, resolution, (brush) => {
    brush.strokeStyle = '#ffffff'
    brush.lineWidth = 0.42
    brush.lineCap = 'round'
    brush.lineJoin = 'round'
    brush.beginPath()
    brush.moveTo(0.4, 0.4)
    brush.lineTo(1.4, arrowHeight / 2)
    brush.lineTo(0.4, arrowHeight - 0.4)
    brush.stroke()
  })

  const layer = new Container()
  const area = new Sprite(threshold)
  area.position.set(x - margin, y - margin)
  layer.addChild(area)
  const arrows = Array.from({ length: arrowsCount }, (_, at) => {
    const sprite = new Sprite(arrow)
    const along = (at - (arrowsCount - 1) / 2) * 1.7
    sprite.anchor.set(0.5)
    sprite.rotation = angle
    sprite.position.set(x + width / 2 + cos * along, y + height / 2 + sin * along)
    layer.addChild(sprite)
    return sprite
  })

  return {
    layer,
    animate(now) {
      arrows.forEach((sprite, at) => {
        sprite.alpha = 0.3 + 0.65 * Math.max(0, Math.cos(now / arrowMs - at))
      })
    },
    destroy() {
      layer.destroy({ children: true })
      threshold.destroy(true)
      arrow.destroy(true)
    },
  }
}
