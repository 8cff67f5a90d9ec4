// What belongs to a place of the world but keeps its size on the screen: names, bubbles, signs of gates.
// It lies over everything, so that no body hides a name, and on whole pixels, so that letters are sharp.
import { Container, Sprite } from 'pixi.js'
import type { Texture } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { paintArrow, paintBubble, paintName, paintSign } from './lettering.ts'

/** From metres of the world to pixels of the page. */
export type Project = { zoom: number; toScreenX(x: number): number; toScreenY(y: number): number }
type Screen = { width: number; height: number }

export type Label = {
  /** Puts the name over a head: the middle of the body in metres, and its radius. */
  place(x: number, y: number, radius: number): void
  say(text: string, now: number): void
  destroy(): void
}

export type Labels = {
  readonly layer: Container
  /** `kind`: how it looks, and whose name is kept where two do not fit. */
  add(text: string, kind: LabelKind): Label
  /** Signs of the gates of a zone, instead of those before. */
  setGates(zone: Zone): void
  /** Puts everything where it belongs now. */
  draw(project: Project, screen: Screen, now: number): void
  destroy(): void
}

export type LabelKind = 'own' | 'player' | 'creature'

const LOOKS = {
  own: { px: 14, color: '#ffe2a8', rank: 0 },
  player: { px: 14, color: '#ffffff', rank: 1 },
  creature: { px: 11, color: '#dfe4da', rank: 2 },
} as const

/** Which names fit is looked at this often: less often than frames, so that names do not flicker. */
const fitEveryMs = 200
/** A name comes and goes within about this time. */
const fadeMs = 120
/** Signs keep this far from the edge of the screen, for the buttons at the top and their own arrows. */
const edge = { side: 34, top: 76, bottom: 40 }
/** The chat in the lower left corner, with a few lines of its log. */
const chatBox = { width: 440, height: 210 }

type Made = {
  name: Sprite
  rank: number
  x: number
  y: number
  radius: number
  shown: boolean
  bubble?: { sprite: Sprite; until: number }
}

/** A bubble stays long enough to read it. */
function bubbleMs(text: string): number {
  return 3000 + text.length * 50
}

export function createLabels(resolution: number): Labels {
  const layer = new Container()
  const signLayer = new Container()
  const nameLayer = new Container()
  const bubbleLayer = new Container()
  layer.addChild(nameLayer, signLayer, bubbleLayer)
  const labels = new Set<Made>()
  const arrow = paintArrow(resolution)
  let signs: { gate: Zone['gates'][number]; sign: Sprite; arrow: Sprite }[] = []
  let fitAt = 0
  let drawnAt = 0

  const drop = (sprite: Sprite) => {
    sprite.destroy({ texture: true, textureSource: true })
  }
  const spriteOf = (texture: Texture, to: Container, anchorY: number) => {
    const sprite = new Sprite(texture)
    sprite.anchor.set(0.5, anchorY)
    to.addChild(sprite)
    return sprite
  }
  const clearSigns = () => {
    for (const each of signs) {
      drop(each.sign)
      each.arrow.destroy()
    }
    signs = []
  }
  const place = (sprite: Sprite, x: number, y: number) => {
    // The left edge on a whole pixel, whatever the width.
    const left = Math.round((x - sprite.width / 2) * resolution) / resolution
    sprite.position.set(left + sprite.width / 2, Math.round(y * resolution) / resolution)
  }

  /** Names that would lie over another one give way: to one's own, to players, to who was here first. */
  const fit = () => {
    const kept: Sprite[] = []
    for (const each of [...labels].sort((a, b) => a.rank - b.rank)) {
      const { name } = each
      each.shown = !kept.some(
        (other) =>
          Math.abs(other.x - name.x) < (other.width + name.width) / 2 - 4 &&
          Math.abs(other.y - name.y) < (other.height + name.height) / 2 - 5,
      )
      if (each.shown) kept.push(name)
    }
  }

  return {
    layer,
    add(text, kind) {
      const { px, color, rank } = LOOKS[kind]
      const name = spriteOf(paintName(text, px, color, resolution), nameLayer, 1)
      name.alpha = 0
      const made: Made = { name, rank, x: 0, y: 0, radius: 0, shown: true }
      labels.add(made)
      return {
        place(x, y, radius) {
          made.x = x
          made.y = y
          made.radius = radius
        },
        say(line, now) {
          if (made.bubble) drop(made.bubble.sprite)
          const sprite = spriteOf(paintBubble(line, resolution), bubbleLayer, 1)
          made.bubble = { sprite, until: now + bubbleMs(line) }
        },
        destroy() {
          if (made.bubble) drop(made.bubble.sprite)
          drop(name)
          labels.delete(made)
        },
      }
    },
    setGates(zone) {
      clearSigns()
      signs = zone.gates.map((gate) => ({
        gate,
        sign: spriteOf(paintSign(gate.name, resolution), signLayer, 0.5),
        arrow: spriteOf(arrow, signLayer, 0.5),
      }))
    },
    draw(project, screen, now) {
      const faded = Math.min(1, (now - drawnAt) / fadeMs)
      drawnAt = now
      for (const each of labels) {
        const x = project.toScreenX(each.x)
        const y = project.toScreenY(each.y - each.radius) - 5
        place(each.name, x, y)
        each.name.alpha += ((each.shown ? 1 : 0) - each.name.alpha) * faded
        if (!each.bubble) continue
        if (now > each.bubble.until) {
          drop(each.bubble.sprite)
          each.bubble = undefined
          continue
        }
        // The bubble of a speaker at the edge of the screen stays within the screen.
        const { sprite } = each.bubble
        const half = sprite.width / 2 + 4
        const above = y - each.name.height - 1
        place(
          sprite,
          inside(x, half, screen.width - half),
          inside(above, sprite.height + 4, screen.height - 4),
        )
      }
      if (now - fitAt > fitEveryMs) {
        fitAt = now
        fit()
      }
      for (const { gate, sign, arrow: pointer } of signs) {
        const { area } = gate
        const goalX = project.toScreenX(area.x + area.width / 2)
        const goalY = project.toScreenY(area.y + area.height / 2)
        const halfX = sign.width / 2 + edge.side
        const x = inside(goalX, halfX, screen.width - halfX)
        let y = inside(goalY, edge.top, screen.height - edge.bottom)
        const byChat = x - halfX < chatBox.width && y > screen.height - chatBox.height
        // Where the gate itself is in sight, its sign stays with it.
        if (byChat && Math.hypot(goalX - x, goalY - y) > 40) y = screen.height - chatBox.height
        place(sign, x, y)
        // Next to the sign, on the side where the gate is; nothing once the gate is in sight.
        const away = Math.hypot(goalX - x, goalY - y)
        const angle = Math.atan2(goalY - y, goalX - x)
        pointer.visible = away > 40
        sign.alpha = pointer.visible ? 0.85 : 1
        pointer.rotation = angle
        pointer.position.set(x + Math.cos(angle) * (sign.width / 2 + 13), y + Math.sin(angle) * 22)
      }
    },
    destroy() {
      clearSigns()
      layer.destroy({ children: true, texture: true, textureSource: true })
      arrow.destroy(true)
    },
  }
}

function inside(value: number, from: number, to: number): number {
  return Math.max(from, Math.min(to, value))
}
