// Everybody and everything on the screen: a shadow, a body that turns, a name, bars and what they say.
import { Container, Sprite } from 'pixi.js'
import type { Drawn } from '../library/view.ts'
import { toMetres } from '../library/zone.ts'
import { createBodies } from './bodies.ts'
import type { Appearances } from './bodies.ts'
import type { Label, Labels } from './labels.ts'
import type { Bar } from './shown.ts'

/** What is needed to draw one entity. */
export type Figure = Omit<Drawn, 'parts'> & { bars: readonly Bar[] }

export type Figures = {
  readonly layer: Container
  /** Draws exactly these; `own` is marked. */
  draw(figures: Iterable<Figure>, own: number, now: number): void
  /** A bubble over a head for a few seconds. */
  say(id: number, text: string, now: number): void
  /** A short word beside a body, for a moment. */
  word(id: number, text: string, now: number): void
  clear(): void
  destroy(): void
}

type Made = {
  /** Not under what lies flat or glows. */
  shadow: Sprite | undefined
  body: Sprite
  label: Label
  radius: number
  /** It walks: it sways with its steps. */
  walks: boolean
  /** As it is drawn now. It turns to the heading of the figure within a moment. */
  angle: number
  key: string
  seen: number
}

const fullTurn = 65_536
/** A body makes most of a turn in this time, ms. */
const turnMs = 70
/** The body sways with its steps: by so many radians, at so many ms a step. */
const sway = 0.07
const swayMs = 75

export function createFigures(appearances: Appearances, labels: Labels): Figures {
  const bodies = createBodies(appearances)
  const layer = new Container()
  const shadows = new Container()
  const flat = new Container()
  const upright = new Container({ sortableChildren: true })
  layer.addChild(shadows, flat, upright)
  const made = new Map<number, Made>()
  let round = 0
  let drawnAt = 0

  const nameOf = ({ body, appearance, name }: Figure) =>
    body === 'player' || name !== ''
      ? name
      : (appearances.creatures.find((each) => each.id === appearance)?.name ?? '')

  const make = (figure: Figure, own: boolean): Made => {
    const { body: kind } = figure
    const { paint, radius } = bodies.look(figure)
    const walks = kind === 'player' || kind === 'walker'
    const shadow =
      walks && paint !== 'spark' ? new Sprite(own ? bodies.ring : bodies.shadow) : undefined
    if (shadow) {
      shadow.anchor.set(0.5)
      shadow.scale.set(radius * (own ? 1.75 : 1.6))
      shadows.addChild(shadow)
    }
    const body = new Sprite(bodies.body(figure))
    body.anchor.set(0.5)
    // What lies on the ground is under everybody's feet.
    const on = kind === 'sensor' ? flat : upright
    on.addChild(body)
    const label = labels.add(
      nameOf(figure),
      own ? 'own' : kind === 'player' ? 'player' : 'creature',
    )
    const angle = angleOf(figure)
    return { shadow, body, label, radius, walks, angle, key: keyOf(figure, own), seen: round }
  }
  const remove = (id: number, each: Made) => {
    each.shadow?.destroy()
    each.body.destroy()
    each.label.destroy()
    made.delete(id)
  }
  const clear = () => {
    for (const [id, each] of made) remove(id, each)
  }

  return {
    layer,
    draw(figures, own, now) {
      round++
      const turned = 1 - Math.exp(-Math.max(0, now - drawnAt) / turnMs)
      drawnAt = now
      for (const figure of figures) {
        const isOwn = figure.id === own
        let each = made.get(figure.id)
        if (each && each.key !== keyOf(figure, isOwn)) {
          remove(figure.id, each)
          each = undefined
        }
        if (each === undefined) {
          each = make(figure, isOwn)
          made.set(figure.id, each)
        }
        each.seen = round
        const [x, y] = [toMetres(figure.x), toMetres(figure.y)]
        each.shadow?.position.set(x + (isOwn ? 0 : 0.08), y + (isOwn ? 0 : 0.1))
        each.body.position.set(x, y)
        each.body.zIndex = figure.y
        each.angle += shortest(angleOf(figure) - each.angle) * turned
        const step = each.walks && figure.speed > 0 ? Math.sin(now / swayMs + figure.id) * sway : 0
        each.body.rotation = each.angle + step
        each.label.place(x, y, each.radius)
        each.label.bars(figure.bars)
      }
      for (const [id, each] of made) if (each.seen !== round) remove(id, each)
    },
    say: (id, text, now) => made.get(id)?.label.say(text, now),
    word: (id, text, now) => made.get(id)?.label.word(text, now),
    clear,
    destroy() {
      clear()
      layer.destroy({ children: true })
      bodies.destroy()
    },
  }
}

function keyOf(figure: Figure, own: boolean): string {
  return `${figure.body} ${figure.archetype} ${figure.appearance} ${figure.name} ${own}`
}

function angleOf(figure: Figure): number {
  return (figure.heading / fullTurn) * Math.PI * 2
}

/** The same angle, as the shorter turn. */
function shortest(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle))
}
