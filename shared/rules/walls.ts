// A body cannot pass the edge of the zone and solid boxes. A coarse grid finds those near it.
import type { Zone } from '../content/content.ts'
import { cellUnits, metresToUnits } from './units.ts'

/** The world query that movement is given. */
export interface Walls {
  /** Whether a square body of half side `radius` with its centre at x, y would touch a wall. */
  blocked(x: number, y: number, radius: number): boolean
}

/** What flies asks too. */
export interface ZoneWalls extends Walls {
  /**
   * The part of a way (dx, dy) after which a square body touches a wall or the edge: 0 to 1, and Infinity
   * when the whole way is free.
   */
  firstTouch(x: number, y: number, dx: number, dy: number, radius: number): number
}

type Box = { x0: number; y0: number; x1: number; y1: number }

/** Walls of a zone. Building costs time and memory in proportion to the area the boxes cover. */
export function buildWalls(zone: Pick<Zone, 'width' | 'height' | 'walls'>): ZoneWalls {
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
    firstTouch(x, y, dx, dy, radius) {
      let first = edgeTouch(x, y, dx, dy, radius, width, height)
      const lastColumn = cellAt(Math.max(x, x + dx) + radius, columns)
      const lastRow = cellAt(Math.max(y, y + dy) + radius, rows)
      for (let row = cellAt(Math.min(y, y + dy) - radius, rows); row <= lastRow; row++) {
        for (
          let column = cellAt(Math.min(x, x + dx) - radius, columns);
          column <= lastColumn;
          column++
        ) {
          for (const box of cells[row * columns + column] ?? none) {
            first = Math.min(first, boxTouch(x, y, dx, dy, radius, box))
          }
        }
      }
      return first
    },
  }
}

const none: readonly Box[] = []

function cellAt(at: number, count: number): number {
  return Math.max(0, Math.min(count - 1, Math.floor(at / cellUnits)))
}

/** When a body that moves along one axis from `at` leaves the room between 0 and `size`. */
function leaves(at: number, way: number, radius: number, size: number): number {
  if (way > 0) return (size - radius - at) / way
  return way < 0 ? (radius - at) / way : Infinity
}

function edgeTouch(
  x: number,
  y: number,
  dx: number,
  dy: number,
  radius: number,
  width: number,
  height: number,
): number {
  const first = Math.min(leaves(x, dx, radius, width), leaves(y, dy, radius, height))
  return first < 1 ? Math.max(0, first) : Infinity
}

/** When a body enters a box: it lies between the box's sides along both axes at once. */
function boxTouch(x: number, y: number, dx: number, dy: number, radius: number, box: Box): number {
  const [left, right] = [box.x0 - radius - x, box.x1 + radius - x]
  const [top, bottom] = [box.y0 - radius - y, box.y1 + radius - y]
  if (dx === 0 && (left >= 0 || right <= 0)) return Infinity
  if (dy === 0 && (top >= 0 || bottom <= 0)) return Infinity
  const enterX = dx === 0 ? -Infinity : (dx > 0 ? left : right) / dx
  const leaveX = dx === 0 ? Infinity : (dx > 0 ? right : left) / dx
  const enterY = dy === 0 ? -Infinity : (dy > 0 ? top : bottom) / dy
  const leaveY = dy === 0 ? Infinity : (dy > 0 ? bottom : top) / dy
  const enter = Math.max(enterX, enterY)
  const leave = Math.min(leaveX, leaveY)
  return enter < leave && leave > 0 && enter < 1 ? Math.max(0, enter) : Infinity
}
