// Where another entity is drawn.
//
// Its course is a list of pieces: from tick t on it has this place, heading and speed, and moves by
// exactly dxOf/dyOf each tick. At a whole tick its place is therefore exact; between two ticks it is
// drawn on the line between them. Drawing happens a little in the past, so that the piece which holds at
// that moment has usually arrived. When it has not, the last piece goes on; once the right one comes,
// the difference to what was drawn is kept as an error that fades.
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'

export type Piece = { tick: number; x: number; y: number; heading: number; speed: number }
export type Place = { x: number; y: number }

/** An error fades to a third in this time. */
const errorFadesMs = 80
/** Farther apart than this it was no delay but another place: it is shown there at once. */
const errorMaxUnits = 4 * unitsPerMetre
/** Pieces kept: those that can still be drawn. At 30 Hz eight are more than the delay of drawing. */
const piecesMax = 8

export type Course = {
  /** Adds what holds from `piece.tick` on. `drawnTick` is the tick drawn last. */
  add(piece: Piece, drawnTick: number): void
  /** The exact place at a whole tick, by the newest piece. */
  at(tick: number): Piece
  /** Where to draw at a tick with its fraction; `elapsedMs` since the last drawing lets errors fade. */
  draw(tick: number, elapsedMs: number): Place & { heading: number; speed: number }
}

export function createCourse(first: Piece, tickHz: number): Course {
  const pieces: Piece[] = [first]
  let errorX = 0
  let errorY = 0

  /** The piece that holds at a tick; before the first one it is the first. */
  const pieceAt = (tick: number): Piece => {
    for (let i = pieces.length - 1; i > 0; i--) if (pieces[i]!.tick <= tick) return pieces[i]!
    return pieces[0]!
  }
  const exact = (tick: number): Place => {
    const piece = pieceAt(tick)
    // An entity must not be drawn walking backwards to positions from before it came into view.
    return along(piece, Math.max(0, tick - piece.tick), tickHz)
  }
  const between = (tick: number): Place => {
    const whole = Math.floor(tick)
    const part = tick - whole
    const from = exact(whole)
    if (part === 0) return from
    const to = exact(whole + 1)
    return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
  }

  return {
    add(piece, drawnTick) {
      const before = between(drawnTick)
      if (pieces.at(-1)!.tick === piece.tick) pieces.pop()
      pieces.push(piece)
      if (pieces.length > piecesMax) pieces.shift()
      const after = between(drawnTick)
      errorX += before.x - after.x
      errorY += before.y - after.y
      if (Math.hypot(errorX, errorY) > errorMaxUnits) errorX = errorY = 0
    },
    at(tick) {
      const newest = pieces.at(-1)!
      const place = along(newest, tick - newest.tick, tickHz)
      return { ...place, tick, heading: newest.heading, speed: newest.speed }
    },
    draw(tick, elapsedMs) {
      const rest = fade(elapsedMs)
      errorX *= rest
      errorY *= rest
      const place = between(tick)
      const piece = pieceAt(Math.ceil(tick))
      return {
        x: place.x + errorX,
        y: place.y + errorY,
        heading: piece.heading,
        speed: piece.speed,
      }
    },
  }
}

/** The part of a drawing error that is left after a time. */
export function fade(elapsedMs: number): number {
  return Math.exp(-elapsedMs / errorFadesMs)
}

/** Whether an error is so large that it is another place rather than a delay. */
export function isElsewhere(x: number, y: number): boolean {
  return Math.hypot(x, y) > errorMaxUnits
}

function along(piece: Piece, ticks: number, tickHz: number): Place {
  if (piece.speed === 0) return { x: piece.x, y: piece.y }
  return {
    x: piece.x + ticks * dxOf(piece.heading, piece.speed, tickHz),
    y: piece.y + ticks * dyOf(piece.heading, piece.speed, tickHz),
  }
}
