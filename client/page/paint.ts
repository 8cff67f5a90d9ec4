// Textures are painted here with the 2D canvas. So nothing is loaded. Edges are smooth without multisampling,
// which takes two thirds of the time on a machine without a graphics card. A painted texture costs one copy
// a frame.
import { CanvasSource, Texture } from 'pixi.js'

export type Brush = CanvasRenderingContext2D

/** Pixels a metre of things that stand in the world: sharp up to the largest zoom of the page. */
export const worldResolution = 64

/**
 * A picture of this size in units of its own (metres, or pixels of the page), painted in these units from
 * the upper left corner. `resolution`: pixels a unit.
 */
export function paintCanvas(
  width: number,
  height: number,
  resolution: number,
  draw: (brush: Brush) => void,
): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.ceil(width * resolution))
  canvas.height = Math.max(1, Math.ceil(height * resolution))
  // Only the upload reads it, so it stays in the memory of the processor.
  const brush = canvas.getContext('2d', { willReadFrequently: true })!
  brush.scale(resolution, resolution)
  draw(brush)
  return canvas
}

/** The same as a texture. */
export function paint(
  width: number,
  height: number,
  resolution: number,
  draw: (brush: Brush) => void,
): Texture {
  const resource = paintCanvas(width, height, resolution, draw)
  return new Texture({ source: new CanvasSource({ resource, resolution }) })
}

/** Lighter (up to 1) or darker (down to -1) than a `#rrggbb`. */
export function shade(color: string, by: number): string {
  const towards = by < 0 ? 0 : 255
  const parts = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16)
    return Math.round(part + (towards - part) * Math.abs(by))
      .toString(16)
      .padStart(2, '0')
  })
  return `#${parts.join('')}`
}

/** Numbers 0..1, the same each time, so that a picture is the same each time. */
export function scatter(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

export function disc(brush: Brush, x: number, y: number, rx: number, ry = rx): void {
  brush.beginPath()
  brush.ellipse(x, y, rx, ry, 0, 0, Math.PI * 2)
}
