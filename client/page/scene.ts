// The stage: ground, walls and gates of a zone, the figures on them, and the camera over all.
import { Application, Container, Graphics, Text } from 'pixi.js'
import type { Zone } from '#shared/content/content.ts'
import { toMetres } from '../library/zone.ts'
import { createFigures } from './figures.ts'
import type { Figures, Looks } from './figures.ts'

/** Pixels a metre. */
const zoomMin = 10
const zoomMax = 80
const gridMetres = 10
const outside = '#2a3138'

export type Scene = {
  readonly surface: HTMLElement
  readonly figures: Figures
  readonly zoom: number
  zoomBy(factor: number): void
  /** Shows another zone. */
  setZone(zone: Zone): void
  /** Puts this place, in units, into the middle. */
  follow(x: number, y: number): void
  /** The middle of the screen in CSS pixels: where oneself is. */
  middle(): { x: number; y: number }
  readonly fps: number
  onFrame(frame: () => void): void
  close(): void
}

/** Fails when the browser has no WebGL. */
export async function createScene(place: HTMLElement, looks: Looks): Promise<Scene> {
  const app = new Application()
  await app.init({
    preference: ['webgl'],
    resizeTo: window,
    background: outside,
    antialias: true,
    autoDensity: true,
    resolution: Math.min(2, window.devicePixelRatio),
  })
  place.replaceChildren(app.canvas)
  const world = new Container()
  const ground = new Container()
  const figures = createFigures(looks)
  world.addChild(ground, figures.layer)
  app.stage.addChild(world)
  let zoom = Math.min(36, Math.max(18, Math.min(window.innerWidth, window.innerHeight) / 20))
  const middle = () => ({ x: app.screen.width / 2, y: app.screen.height / 2 })

  return {
    surface: app.canvas,
    figures,
    get zoom() {
      return zoom
    },
    zoomBy(factor) {
      if (Number.isFinite(factor)) zoom = Math.min(zoomMax, Math.max(zoomMin, zoom * factor))
    },
    setZone(zone) {
      for (const child of ground.removeChildren()) child.destroy({ children: true })
      ground.addChild(drawGround(zone), ...drawGates(zone), drawWalls(zone))
    },
    follow(x, y) {
      const { x: midX, y: midY } = middle()
      world.scale.set(zoom)
      world.position.set(midX - toMetres(x) * zoom, midY - toMetres(y) * zoom)
    },
    middle,
    get fps() {
      return app.ticker.FPS
    },
    onFrame(frame) {
      app.ticker.add(frame)
    },
    close() {
      figures.clear()
      app.destroy({ removeView: true }, { children: true })
    },
  }
}

function drawGround(zone: Zone): Graphics {
  const ground = new Graphics().rect(0, 0, zone.width, zone.height).fill(zone.ground)
  // A faint grid, so that one's own movement shows on plain ground.
  for (let x = gridMetres; x < zone.width; x += gridMetres)
    ground.moveTo(x, 0).lineTo(x, zone.height)
  for (let y = gridMetres; y < zone.height; y += gridMetres)
    ground.moveTo(0, y).lineTo(zone.width, y)
  ground.stroke({ color: '#000000', alpha: 0.07, width: 0.06 })
  return ground.rect(0, 0, zone.width, zone.height).stroke({ color: '#00000088', width: 0.3 })
}

function drawWalls(zone: Zone): Graphics {
  const walls = new Graphics()
  for (const wall of zone.walls) {
    walls.rect(wall.x + 0.2, wall.y + 0.3, wall.width, wall.height)
  }
  walls.fill('#00000038')
  for (const wall of zone.walls) {
    walls
      .rect(wall.x, wall.y, wall.width, wall.height)
      .fill(wall.color ?? '#6d6a62')
      .stroke({ color: '#00000055', width: 0.1, alignment: 1 })
  }
  return walls
}

function drawGates(zone: Zone): Container[] {
  return zone.gates.map((gate) => {
    const { x, y, width, height } = gate.area
    const area = new Graphics()
      .roundRect(x, y, width, height, 0.4)
      .fill('#8fd3ff59')
      .stroke({ color: '#d6f0ff', width: 0.12 })
    const name = new Text({
      text: gate.name,
      style: {
        fontFamily: 'system-ui, sans-serif',
        fontSize: 40,
        fill: '#eaf7ff',
        stroke: { color: '#20303a', width: 8 },
      },
    })
    name.anchor.set(0.5)
    // 40 pixels of text are 0.8 m on the ground.
    name.scale.set(0.02)
    name.position.set(x + width / 2, y + height / 2)
    const root = new Container()
    root.addChild(area, name)
    return root
  })
}
