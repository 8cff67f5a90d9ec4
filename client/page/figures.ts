// Players and creatures on the screen: a body, a name that keeps its size, a bubble while they talk.
import { jobColors } from '#game/client'
import { BitmapText, Container, Graphics, Text } from 'pixi.js'
import type { Creature, Race } from '#shared/content/content.ts'
import { playerRadius } from '#shared/rules/units.ts'
import { toMetres } from '../library/zone.ts'

/** What is needed to draw one entity. */
export type Figure = {
  id: number
  type: 'player' | 'creature'
  look: string
  name: string
  x: number
  y: number
  heading: number
  speed: number
}

export type Looks = { races: Race[]; creatures: Creature[] }

export type Figures = {
  readonly layer: Container
  /** Draws exactly these; `own` is marked. Sizes of names follow `zoom`, pixels a metre. */
  draw(figures: Iterable<Figure>, own: number, zoom: number, now: number): void
  /** A bubble over a head for a few seconds. */
  say(id: number, text: string, now: number): void
  clear(): void
}

type Made = {
  root: Container
  body: Container
  label: Container
  key: string
  bubble?: { view: Container; until: number }
  seen: number
}

const fullTurn = 65_536
const unknownColor = '#9aa0a6'

/** A bubble stays long enough to read it. */
function bubbleMs(text: string): number {
  return 3000 + text.length * 50
}

export function createFigures(looks: Looks): Figures {
  const layer = new Container({ sortableChildren: true })
  const made = new Map<number, Made>()
  let round = 0

  const make = (figure: Figure, own: boolean): Made => {
    const body =
      figure.type === 'player' ? playerBody(figure, looks, own) : creatureBody(figure, looks)
    const radius = radiusOf(figure, looks)
    const label = new Container()
    const text = figure.type === 'player' ? figure.name : nameOfCreature(figure, looks)
    const name = new BitmapText({
      text,
      style: {
        fontFamily: 'system-ui, sans-serif',
        fontSize: figure.type === 'player' ? 14 : 11,
        fill: own ? '#ffe2a8' : figure.type === 'player' ? '#ffffff' : '#e6e3d8',
        stroke: { color: '#1b2026', width: 3 },
      },
    })
    name.anchor.set(0.5, 1)
    label.addChild(name)
    label.y = -radius - 0.15
    const root = new Container()
    root.addChild(body, label)
    layer.addChild(root)
    return { root, body, label, key: keyOf(figure, own), seen: round }
  }
  const remove = (id: number, each: Made) => {
    each.root.destroy({ children: true })
    made.delete(id)
  }

  return {
    layer,
    draw(figures, own, zoom, now) {
      round++
      for (const figure of figures) {
        let each = made.get(figure.id)
        const isOwn = figure.id === own
        if (each && each.key !== keyOf(figure, isOwn)) {
          remove(figure.id, each)
          each = undefined
        }
        if (each === undefined) {
          each = make(figure, isOwn)
          made.set(figure.id, each)
        }
        each.seen = round
        each.root.position.set(toMetres(figure.x), toMetres(figure.y))
        each.root.zIndex = figure.y
        each.body.rotation = (figure.heading / fullTurn) * Math.PI * 2
        each.label.scale.set(1 / zoom)
        if (each.bubble && now > each.bubble.until) {
          each.bubble.view.destroy({ children: true })
          each.bubble = undefined
        }
      }
      for (const [id, each] of made) if (each.seen !== round) remove(id, each)
    },
    say(id, text, now) {
      const each = made.get(id)
      if (each === undefined) return
      each.bubble?.view.destroy({ children: true })
      const view = bubble(text)
      each.label.addChild(view)
      each.bubble = { view, until: now + bubbleMs(text) }
    },
    clear() {
      for (const [id, each] of made) remove(id, each)
    },
  }
}

function keyOf(figure: Figure, own: boolean): string {
  return `${figure.type} ${figure.look} ${figure.name} ${own}`
}

function radiusOf(figure: Figure, looks: Looks): number {
  if (figure.type === 'player') return toMetres(playerRadius)
  return looks.creatures.find((each) => each.id === figure.look)?.radius ?? 0.4
}

function nameOfCreature(figure: Figure, looks: Looks): string {
  if (figure.name !== '') return figure.name
  return looks.creatures.find((each) => each.id === figure.look)?.name ?? ''
}

function playerBody(figure: Figure, looks: Looks, own: boolean): Container {
  const [race, job] = figure.look.split('/')
  const color = looks.races.find((each) => each.id === race)?.color ?? unknownColor
  const rim = jobColors[job ?? ''] ?? '#3b444c'
  const radius = toMetres(playerRadius)
  const body = new Graphics()
  if (own) body.circle(0, 0, radius + 0.18).stroke({ color: '#ffe2a8', width: 0.07, alpha: 0.9 })
  body.circle(0.04, 0.06, radius + 0.03).fill('#00000040')
  body.poly([radius * 0.7, -0.2, radius + 0.2, 0, radius * 0.7, 0.2]).fill(rim)
  body.circle(0, 0, radius).fill(color).stroke({ color: rim, width: 0.1 })
  return body
}

function creatureBody(figure: Figure, looks: Looks): Container {
  const creature = looks.creatures.find((each) => each.id === figure.look)
  const color = creature?.color ?? unknownColor
  const radius = creature?.radius ?? 0.4
  const body = new Graphics()
  body.ellipse(0.04, 0.06, radius * 1.15, radius * 0.8).fill('#00000033')
  body.ellipse(0, 0, radius * 1.1, radius * 0.72).fill(color)
  body.stroke({ color: '#00000055', width: 0.05 })
  // Head and eyes tell where it looks.
  body
    .circle(radius * 0.95, 0, radius * 0.42)
    .fill(color)
    .stroke({ color: '#00000055', width: 0.04 })
  body.circle(radius * 1.08, -radius * 0.18, radius * 0.09).fill('#15181b')
  body.circle(radius * 1.08, radius * 0.18, radius * 0.09).fill('#15181b')
  return body
}

function bubble(line: string): Container {
  const text = new Text({
    text: line,
    style: {
      fontFamily: 'system-ui, sans-serif',
      fontSize: 14,
      fill: '#1b2026',
      wordWrap: true,
      wordWrapWidth: 220,
      breakWords: true,
    },
  })
  const width = text.width + 16
  const height = text.height + 10
  const view = new Container()
  const back = new Graphics()
    .roundRect(-width / 2, -height, width, height, 8)
    .poly([-6, -1, 6, -1, 0, 7])
    .fill('#fffdf5f2')
  text.anchor.set(0.5, 0)
  text.y = -height + 5
  view.addChild(back, text)
  view.y = -26
  return view
}
