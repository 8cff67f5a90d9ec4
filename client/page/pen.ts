// What a game draws over ground and bodies, in metres.
import { Graphics } from 'pixi.js'

export type Stroke = {
  /** `#rrggbb`. */
  color: string
  /** Metres; 0.08 by default. */
  width?: number
  /** 0 to 1; 1 by default. */
  opacity?: number
}

/** All positions and lengths are metres. */
export type Pen = {
  /** A filled circle. */
  disc(x: number, y: number, radius: number, fill: Omit<Stroke, 'width'>): void
  /** A circle's line. */
  ring(x: number, y: number, radius: number, stroke: Stroke): void
  line(fromX: number, fromY: number, toX: number, toY: number, stroke: Stroke): void
}

export type Drawing = {
  readonly layer: Graphics
  /** Begins a frame with nothing drawn. */
  begin(): Pen
}

const thin = 0.08
/** Corners of a circle. Pixi would choose too few, for it does not know how large a metre is on the screen. */
const corners = 48

function circle(x: number, y: number, radius: number): number[] {
  return Array.from({ length: corners * 2 }, (_, at) => {
    const angle = ((at >> 1) / corners) * Math.PI * 2
    return at % 2 === 0 ? x + Math.cos(angle) * radius : y + Math.sin(angle) * radius
  })
}

export function createDrawing(): Drawing {
  const layer = new Graphics()
  const pen: Pen = {
    disc(x, y, radius, { color, opacity: alpha = 1 }) {
      // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- Pixi's, not an array's
      layer.poly(circle(x, y, radius)).fill({ color, alpha })
    },
    ring(x, y, radius, { color, width = thin, opacity: alpha = 1 }) {
      layer.poly(circle(x, y, radius)).stroke({ color, width, alpha })
    },
    line(fromX, fromY, toX, toY, { color, width = thin, opacity: alpha = 1 }) {
      layer.moveTo(fromX, fromY).lineTo(toX, toY).stroke({ color, width, alpha, cap: 'round' })
    },
  }
  return {
    layer,
    begin() {
      layer.clear()
      return pen
    },
  }
}
