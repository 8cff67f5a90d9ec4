// The stage: the terrain of a zone, the figures on it, names over it, and the camera over all.
import { Application, Container, GlLimitsSystem } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'
import { toMetres } from '../library/zone.ts'
import type { Appearances } from './bodies.ts'
import { createFigures } from './figures.ts'
import type { Figures } from './figures.ts'
import { createLabels } from './labels.ts'
import { createDrawing } from './pen.ts'
import type { Pen } from './pen.ts'
import { createTerrain } from './terrain.ts'
import type { Terrain } from './terrain.ts'

/** Pixels a metre. */
const zoomMin = 14
const zoomMax = 80
/** The zoom makes most of its way in this time, ms. */
const zoomMs = 90
/** Pixels a metre of the painted ground, as on the page before any zoom. */
const groundResolution = 32
const outside = '#20282e'

export type Scene = {
  readonly surface: HTMLElement
  readonly figures: Figures
  /** Begins a frame of what the game draws. */
  pen(): Pen
  zoomBy(factor: number): void
  /** Shows another zone. */
  setZone(zone: Zone): void
  /** Puts this position, in units, into the middle of the screen. */
  draw(x: number, y: number, now: number): void
  /** The place in the world, in units, under a place on the screen in CSS pixels. */
  toWorld(onScreen: { x: number; y: number }): { x: number; y: number }
  /** The middle of the screen in CSS pixels: the own position. */
  middle(): { x: number; y: number }
  readonly fps: number
  onFrame(frame: () => void): void
  close(): void
}

// Pixi draws with up to 32 textures at once and lets the shader choose among them. A processor that draws
// samples all of them at every pixel: 120 ms a frame of 1280x720, against 25 ms with one. The price, one
// draw call a texture, is some dozens of calls. Pixi has no option for it.
const { contextChange } = GlLimitsSystem.prototype
GlLimitsSystem.prototype.contextChange = function (this: GlLimitsSystem) {
  contextChange.call(this)
  this.maxBatchableTextures = 1
}

/** Fails when the browser has no WebGL. */
export async function createScene(place: HTMLElement, appearances: Appearances): Promise<Scene> {
  const app = new Application()
  const resolution = Math.min(2, window.devicePixelRatio)
  await app.init({
    preference: ['webgl'],
    resizeTo: window,
    background: outside,
    // Edges are smooth without it (paint.ts); where a processor draws, it takes most of a frame.
    antialias: false,
    autoDensity: true,
    resolution,
  })
  app.canvas.setAttribute('aria-hidden', 'true')
  place.replaceChildren(app.canvas)
  const world = new Container()
  const ground = new Container()
  const labels = createLabels(resolution)
  const figures = createFigures(appearances, labels)
  const drawing = createDrawing()
  world.addChild(ground, figures.layer, drawing.layer)
  app.stage.addChild(world, labels.layer)
  // Pixi need not find what lies under the pointer: the page has its own controls.
  app.stage.eventMode = 'none'
  app.stage.interactiveChildren = false

  const smaller = Math.min(window.innerWidth, window.innerHeight)
  let zoomWanted = Math.min(groundResolution, Math.max(20, smaller / 20))
  let zoom = zoomWanted
  let terrain: Terrain | undefined
  let drawnAt = 0
  const middle = () => ({ x: app.screen.width / 2, y: app.screen.height / 2 })
  /** Positions that move with the camera are on whole pixels. Else thin lines would shimmer. */
  const whole = (pixels: number) => Math.round(pixels * resolution) / resolution

  return {
    surface: app.canvas,
    figures,
    pen: drawing.begin,
    zoomBy(factor) {
      if (!Number.isFinite(factor)) return
      zoomWanted = Math.min(zoomMax, Math.max(zoomMin, zoomWanted * factor))
    },
    setZone(zone) {
      terrain?.destroy()
      terrain = createTerrain(zone, groundResolution * Math.min(1.5, resolution))
      ground.addChild(terrain.layer)
      labels.setGates(zone)
    },
    draw(x, y, now) {
      zoom += (zoomWanted - zoom) * (1 - Math.exp(-Math.max(0, now - drawnAt) / zoomMs))
      if (Math.abs(zoomWanted - zoom) < 0.05) zoom = zoomWanted
      drawnAt = now
      const { x: midX, y: midY } = middle()
      const [left, top] = [whole(midX - toMetres(x) * zoom), whole(midY - toMetres(y) * zoom)]
      world.scale.set(zoom)
      world.position.set(left, top)
      const { width, height } = app.screen
      const view = { x: -left / zoom, y: -top / zoom, width: width / zoom, height: height / zoom }
      terrain?.draw(view, now)
      const project = {
        zoom,
        toScreenX: (metres: number) => left + metres * zoom,
        toScreenY: (metres: number) => top + metres * zoom,
      }
      labels.draw(project, app.screen, now)
    },
    toWorld: ({ x, y }) => ({
      x: Math.round(((x - world.x) / zoom) * unitsPerMetre),
      y: Math.round(((y - world.y) / zoom) * unitsPerMetre),
    }),
    middle,
    get fps() {
      return app.ticker.FPS
    },
    onFrame(frame) {
      app.ticker.add(frame)
    },
    close() {
      app.ticker.stop()
      figures.destroy()
      labels.destroy()
      terrain?.destroy()
      app.destroy({ removeView: true }, { children: true })
    },
  }
}
