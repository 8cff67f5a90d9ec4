// Signs of gates: over the gate where it is in sight, else at the edge of the screen, with an arrow to it.
import { Container } from 'pixi.js'
import type { Sprite } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { paintArrow, paintSign } from './lettering.ts'
import { addSprite, dropSprite, inside, placeSharp } from './on-screen.ts'
import type { Project, Screen } from './on-screen.ts'

export type Signs = {
  readonly layer: Container
  /** Signs of the gates of a zone, instead of those before. */
  setGates(zone: Zone): void
  draw(project: Project, screen: Screen): void
  destroy(): void
}

/** Signs keep this distance to the edge of the screen, for the buttons at the top and for their arrows. */
const edge = { side: 34, top: 76, bottom: 40 }
/** The chat in the lower left corner, with a few lines of its log. */
const chatBox = { width: 440, height: 210 }

type Made = { area: Zone['gates'][number]['area']; sign: Sprite; pointer: Sprite }

export function createSigns(resolution: number): Signs {
  const layer = new Container()
  const arrow = paintArrow(resolution)
  let signs: Made[] = []

  const clear = () => {
    for (const { sign, pointer } of signs) {
      dropSprite(sign)
      pointer.destroy()
    }
    signs = []
  }

  return {
    layer,
    setGates(zone) {
      clear()
      signs = zone.gates.map(({ area, name }) => ({
        area,
        sign: addSprite(paintSign(name, resolution), layer, 0.5),
        pointer: addSprite(arrow, layer, 0.5),
      }))
    },
    draw(project, screen) {
      for (const { area, sign, pointer } of signs) {
        const goalX = project.toScreenX(area.x + area.width / 2)
        const goalY = project.toScreenY(area.y + area.height / 2)
        const halfX = sign.width / 2 + edge.side
        const x = inside(goalX, halfX, screen.width - halfX)
        let y = inside(goalY, edge.top, screen.height - edge.bottom)
        const byChat = x - halfX < chatBox.width && y > screen.height - chatBox.height
        // Where the gate itself is in sight, its sign stays with it.
        if (byChat && Math.hypot(goalX - x, goalY - y) > 40) y = screen.height - chatBox.height
        placeSharp(sign, x, y, resolution)
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
      clear()
      layer.destroy()
      arrow.destroy(true)
    },
  }
}
