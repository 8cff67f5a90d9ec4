// What belongs to a place of the world but keeps its size on the screen: names, bars, bubbles, signs of gates.
// It lies over everything, so that no body hides a name, and on whole pixels, so that letters are sharp.
import { Container, Sprite, Texture } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { paintBubble, paintName } from './lettering.ts'
import { addSprite, dropSprite, inside, placeSharp } from './on-screen.ts'
import type { Project, Screen } from './on-screen.ts'
import type { Bar } from './shown.ts'
import { createSigns } from './signs.ts'

export type Label = {
  /** Puts the name over a head: the middle of the body in metres, and its radius. */
  place(x: number, y: number, radius: number): void
  say(text: string, now: number): void
  /** A short word beside the body, for a moment. */
  word(text: string, now: number): void
  /** The bars under the name. */
  bars(bars: readonly Bar[]): void
  destroy(): void
}

export type Labels = {
  readonly layer: Container
  /** `kind`: the style of the name, and which name stays when two do not fit. */
  add(text: string, kind: LabelKind): Label
  /** Signs of the gates of a zone, instead of those before. */
  setGates(zone: Zone): void
  /** Puts everything at its position. */
  draw(project: Project, screen: Screen, now: number): void
  destroy(): void
}

export type LabelKind = 'own' | 'player' | 'creature'

const LOOKS = {
  own: { px: 14, color: '#ffe2a8', rank: 0 },
  player: { px: 14, color: '#ffffff', rank: 1 },
  creature: { px: 11, color: '#dfe4da', rank: 2 },
} as const

/** How often the names that fit are chosen, ms: not each frame, so that names do not flicker. */
const fitEveryMs = 200
/** A name fades in or out in about this time, ms. */
const fadeMs = 120

/** Who stands so many pixels outside of the screen still has a bubble. */
const edge = 30

/** A short word is shown for so long, ms, and rises by so many pixels. */
const wordMs = 900
const wordRise = 16

/** Pixels of a bar, with its dark rim. */
const barHeight = 6
const barColors = [0x7bd069, 0x5fb0ee, 0xecc65a, 0xc78be0]

type Made = {
  name: Sprite
  bars: Sprite[]
  shownBars: readonly Bar[]
  word: { sprite: Sprite; since: number } | undefined
  rank: number
  x: number
  y: number
  radius: number
  shown: boolean
  bubble: { sprite: Sprite; until: number } | undefined
}

/** A bubble stays as long as it takes to read it. */
function bubbleMs(text: string): number {
  return 3000 + text.length * 50
}

export function createLabels(resolution: number): Labels {
  const layer = new Container()
  const nameLayer = new Container()
  const barLayer = new Container()
  const bubbleLayer = new Container()
  const signs = createSigns(resolution)
  layer.addChild(barLayer, nameLayer, signs.layer, bubbleLayer)
  const labels = new Set<Made>()
  let fitAt = 0
  let drawnAt = 0

  const dropBubble = (made: Made) => {
    if (made.bubble) dropSprite(made.bubble.sprite)
    made.bubble = undefined
  }

  return {
    layer,
    add(text, kind) {
      const { px, color, rank } = LOOKS[kind]
      const name = addSprite(paintName(text, px, color, resolution), nameLayer, 1)
      name.alpha = 0
      const made: Made = {
        name,
        bars: [],
        shownBars: [],
        word: undefined,
        rank,
        x: 0,
        y: 0,
        radius: 0,
        shown: true,
        bubble: undefined,
      }
      labels.add(made)
      return {
        place(x, y, radius) {
          made.x = x
          made.y = y
          made.radius = radius
        },
        say(line, now) {
          dropBubble(made)
          const sprite = addSprite(paintBubble(line, resolution), bubbleLayer, 1)
          made.bubble = { sprite, until: now + bubbleMs(line) }
        },
        word(text, now) {
          if (made.word) dropSprite(made.word.sprite)
          const sprite = addSprite(paintName(text, 13, '#ffc9b8', resolution), bubbleLayer, 1)
          made.word = { sprite, since: now }
        },
        bars(bars) {
          made.shownBars = bars
          while (made.bars.length > bars.length * 2) made.bars.pop()!.destroy()
          while (made.bars.length < bars.length * 2) made.bars.push(addBar(barLayer))
        },
        destroy() {
          dropBubble(made)
          if (made.word) dropSprite(made.word.sprite)
          for (const bar of made.bars) bar.destroy()
          dropSprite(name)
          labels.delete(made)
        },
      }
    },
    setGates: signs.setGates,
    draw(project, screen, now) {
      const faded = Math.min(1, (now - drawnAt) / fadeMs)
      drawnAt = now
      for (const each of labels) {
        const x = project.toScreenX(each.x)
        const head = project.toScreenY(each.y - each.radius) - 5
        const y = head - placeBars(each, x, head, project.zoom)
        const feet = project.toScreenY(each.y + each.radius)
        placeWord(each, x, feet, now, resolution)
        placeSharp(each.name, x, y, resolution)
        each.name.alpha += ((each.shown ? 1 : 0) - each.name.alpha) * faded
        if (each.bubble === undefined) continue
        if (now > each.bubble.until) {
          dropBubble(each)
          continue
        }
        // The bubble of a speaker at the edge of the screen stays within the screen. That of a speaker outside
        // would point at nobody; the line stands in the log.
        const { sprite } = each.bubble
        sprite.visible = isOn(screen, x, feet, edge) || isOn(screen, x, head, edge)
        const half = sprite.width / 2 + 4
        const above = y - each.name.height - 1
        const bubbleX = inside(x, half, screen.width - half)
        const bubbleY = inside(above, sprite.height + 4, screen.height - 4)
        placeSharp(sprite, bubbleX, bubbleY, resolution)
      }
      if (now - fitAt > fitEveryMs) {
        fitAt = now
        fit(labels)
      }
      signs.draw(project, screen)
    },
    destroy() {
      signs.destroy()
      layer.destroy({ children: true, texture: true, textureSource: true })
    },
  }
}

/** Whether a place on the screen is on it, or at most so many pixels beside it. */
function isOn({ width, height }: Screen, x: number, y: number, beside: number): boolean {
  return x > -beside && x < width + beside && y > -beside && y < height + beside
}

/** One of the two parts of a bar: what is full, over a dark ground. */
function addBar(to: Container): Sprite {
  const bar = new Sprite(Texture.WHITE)
  to.addChild(bar)
  return bar
}

/** Puts the bars over a head. Returns how high they are, pixels. */
function placeBars({ bars, shownBars, radius }: Made, x: number, y: number, zoom: number): number {
  const width = Math.round(inside(radius * 2 * zoom, 44, 90))
  const left = Math.round(x - width / 2)
  const over = Math.round(y) - shownBars.length * barHeight
  for (const [at, { index, full }] of shownBars.entries()) {
    const top = over + at * barHeight
    const [ground, part] = [bars[at * 2]!, bars[at * 2 + 1]!]
    ground.tint = 0x10171c
    ground.alpha = 0.8
    ground.position.set(left, top)
    ground.setSize(width, barHeight)
    part.tint = barColors[index % barColors.length]!
    part.position.set(left + 1, top + 1)
    part.setSize(Math.max(1, (width - 2) * full), barHeight - 2)
  }
  return shownBars.length * barHeight
}

/** Lets a short word rise and fade under the body, where no name or bubble is. */
function placeWord(made: Made, x: number, y: number, now: number, resolution: number): void {
  if (made.word === undefined) return
  const { sprite, since } = made.word
  const age = (now - since) / wordMs
  if (age >= 1) {
    dropSprite(sprite)
    made.word = undefined
    return
  }
  sprite.alpha = Math.min(1, 2 - age * 2)
  placeSharp(sprite, x, y + 22 + wordRise * (1 - age), resolution)
}

/** Hides names that would lie over others. The own name has precedence, then players, then older names. */
function fit(labels: Iterable<Made>): void {
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
