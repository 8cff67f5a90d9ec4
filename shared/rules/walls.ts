// A body cannot pass the edge of the zone and solid boxes. A coarse grid finds those near it.
import type { Zone } from '../content/content.ts'
import { cellUnits, metresToUnits } from './units.ts'

/** The world query that movement is given. */
export interface Walls {
  /** Whether a square body of half side `radius` with its centre at x, y would touch a wall. */
  blocked(x: number, y: number, radius: number): boolean
}

type Box = { x0: number; y0: number; x1: number; y1: number }

/** Walls of a zone. Building costs time and memory in proportion to the area the boxes cover. */
export function buildWalls(zone: Pick<Zone, 'width' | 'height' | 'walls'>): Walls {
  const width = metresToUnits(zone.width)
  const height = metresToUnits(zone.height)
  const columns = Math.ceil(width / cellUnits)
  const rows = Math.ceil(height / cellUnits)
  const cells: (Box[] | undefined)[] = Array.from({ length: columns * rows })

  for (const wall of zone.walls) {
    const box = {
      x0: metresToUnits(wall.x),
      y0: metresToUnits(wall.y),
      x1: metresToUnits(wall.x + wall.width),
      y1: metresToUnits(wall.y + wall.height),
    }
    const lastColumn = Math.min(columns - 1, Math.floor(box.x1 / cellUnits))
    const lastRow = Math.min(rows - 1, Math.floor(box.y1 / cellUnits))
    for (let row = Math.floor(box.y0 / cellUnits); row <= lastRow; row++) {
      for (let column = Math.floor(box.x0 / cellUnits); column <= lastColumn; column++) {
        const at = row * columns + column
        const there = cells[at]
        if (there) there.push(box)
        else cells[at] = [box]
      }
    }
  }

  return {
    blocked(x, y, radius) {
      const left = x - radius
      const right = x + radius
      const top = y - radius
      const bottom = y + radius
      if (left < 0 || top < 0 || right > width || bottom > height) return true
      const lastColumn = Math.min(columns - 1, Math.floor(right / cellUnits))
      const lastRow = Math.min(rows - 1, Math.floor(bottom / cellUnits))
      for (let row = Math.floor(top / cellUnits); row <= lastRow; row++) {
        for (let column = Math.floor(left / cellUnits); column <= lastColumn; column++) {
          const boxes = cells[row * columns + column]
          if (boxes === undefined) continue
          for (const box of boxes) {
            // Touching edges do not collide: a body may slide along a wall.
            if (right > box.x0 && left < box.x1 && bottom > box.y0 && top < box.y1) return true
          }
        }
      }
      return false
    },
  }
}
