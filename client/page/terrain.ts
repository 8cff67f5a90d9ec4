// The parts of a zone that do not move. They are painted once, in square pieces, when they come into view. So
// a frame copies a dozen pictures. On a machine without a graphics card there is no time for more.
import { Container, Sprite } from 'pixi.js'
import type { Texture } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { createGate } from './gates.ts'
import { paint, paintCanvas } from './paint.ts'
import { drawPattern, drawScenery } from './scenery.ts'

export type Terrain = {
  readonly layer: Container
  /** Paints what is in sight and not painted yet: a box in metres. `now` in ms moves what moves. */
  draw(view: { x: number; y: number; width: number; height: number }, now: number): void
  destroy(): void
}

/** Side of a piece, in metres: at 32 pixels a metre a texture of 512 pixels, 1 MB. */
const pieceSide = 16
/** Pieces kept beyond those in sight: a player walks back and forth without new painting. */
const piecesSpare = 24
/** Metres after which the pattern of the ground repeats: a whole number of pieces. */
const patternPeriod = 32

type Piece = { sprite: Sprite; texture: Texture; seenAt: number }

/** `resolution`: pixels a metre. */
export function createTerrain(zone: Zone, resolution: number): Terrain {
  const layer = new Container()
  const ground = new Container()
  const gates = zone.gates.map((gate) => createGate(gate, zone))
  layer.addChild(ground, ...gates.map((gate) => gate.layer))
  const pieces = new Map<string, Piece>()
  const pattern = paintCanvas(patternPeriod, patternPeriod, resolution, (brush) =>
    drawPattern(brush, patternPeriod),
  )

  const paintPiece = (column: number, row: number): Piece => {
    const part = {
      x: column * pieceSide,
      y: row * pieceSide,
      width: Math.min(pieceSide, zone.width - column * pieceSide),
      height: Math.min(pieceSide, zone.height - row * pieceSide),
    }
    const texture = paint(part.width, part.height, resolution, (brush) => {
      brush.translate(-part.x, -part.y)
      const repeated = brush.createPattern(pattern, 'repeat')!
      repeated.setTransform(new DOMMatrix().scale(1 / resolution))
      drawScenery(brush, zone, part, repeated)
    })
    const sprite = new Sprite(texture)
    sprite.position.set(part.x, part.y)
    ground.addChild(sprite)
    return { sprite, texture, seenAt: 0 }
  }
  const drop = (piece: Piece) => {
    piece.sprite.destroy()
    piece.texture.destroy(true)
  }

  return {
    layer,
    draw(view, now) {
      const columns = Math.ceil(zone.width / pieceSide)
      const rows = Math.ceil(zone.height / pieceSide)
      const first = (from: number) => Math.max(0, Math.floor(from / pieceSide))
      const last = (to: number, count: number) => Math.min(count - 1, Math.floor(to / pieceSide))
      let inSight = 0
      for (let row = first(view.y); row <= last(view.y + view.height, rows); row++) {
        for (let column = first(view.x); column <= last(view.x + view.width, columns); column++) {
          const key = `${column} ${row}`
          const piece = pieces.get(key) ?? paintPiece(column, row)
          pieces.set(key, piece)
          piece.seenAt = now
          inSight++
        }
      }
      for (const piece of pieces.values()) piece.sprite.visible = piece.seenAt === now
      if (pieces.size > inSight + piecesSpare) {
        const oldest = [...pieces].reduce((a, b) => (b[1].seenAt < a[1].seenAt ? b : a))
        drop(oldest[1])
        pieces.delete(oldest[0])
      }
      for (const gate of gates) gate.animate(now)
    },
    destroy() {
      for (const piece of pieces.values()) drop(piece)
      for (const gate of gates) gate.destroy()
      layer.destroy({ children: true })
    },
  }
}
