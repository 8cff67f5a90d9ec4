// Where another entity is drawn.
//
// Its course is a list of pieces: from tick t on it has this position, heading and speed, and moves by
// exactly dxOf/dyOf each tick. So its position at a whole tick is exact; between two ticks it is
// drawn on the line between them. Drawing happens a little in the past, so that the piece which holds at
// that moment has usually arrived. When it has not, the last piece goes on; once the right one comes,
// the difference to what was drawn is kept as an error that fades.
import { dxOf, dyOf } from '#shared/rules/heading.ts'
import { unitsPerMetre } from '#shared/rules/units.ts'

export type Piece = { tick: number; x: number; y: number; heading: number; speed: number }
export type Place = { x: number; y: number }

/** An error fades to a third in this time. */
const errorFadesMs = 80
/** A larger error is no delay but a jump: the entity is drawn at its new position at once. */
const errorMaxUnits = 4 * unitsPerMetre
/** Pieces kept: those that can still be drawn. At 30 Hz eight are more than the delay of drawing. */
const piecesMax = 8

/** Data without closures: a view holds hundreds of them, and a crowd of bots hundreds of thousands. */
export type Course = {
  readonly tickHz: number
  /** In the order of ticks, at least one. */
  readonly pieces: Piece[]
  errorX: number
  errorY: number
}

export function createCourse(first: Piece, tickHz: number): Course {
  return { tickHz, pieces: [first], errorX: 0, errorY: 0 }
}

/** Adds what holds from `piece.tick` on. `drawnTick` is the tick drawn last; undefined before the first. */
export function addPiece(course: Course, piece: Piece, drawnTick: number | undefined): void {
  const { pieces } = course
  if (drawnTick === undefined) {
    // Who never draws, as a bot, holds one piece of each entity: a crowd makes no garbage that lasts.
    Object.assign(pieces[0]!, piece)
    return
  }
  // Drawing is behind, so nearly every piece changes nothing at the tick drawn last.
  const stays = pieces.length < piecesMax || pieces[1]!.tick <= drawnTick
  if (piece.tick > drawnTick + 1 && stays) return push(pieces, piece)
  const before = between(course, drawnTick)
  push(pieces, piece)
  const after = between(course, drawnTick)
  course.errorX += before.x - after.x
  course.errorY += before.y - after.y
  if (isElsewhere(course.errorX, course.errorY)) course.errorX = course.errorY = 0
}

/** The exact position at a whole tick, by the newest piece. */
export function exactAt({ pieces, tickHz }: Course, tick: number): Piece {
  const newest = pieces.at(-1)!
  const place = along(newest, tick - newest.tick, tickHz)
  return { ...place, tick, heading: newest.heading, speed: newest.speed }
}

/** Where to draw at a tick with its fraction; `elapsedMs` since the last drawing lets errors fade. */
export function drawnAt(
  course: Course,
  tick: number,
  elapsedMs: number,
): Place & { heading: number; speed: number } {
  const rest = fade(elapsedMs)
  course.errorX *= rest
  course.errorY *= rest
  const { x, y } = between(course, tick)
  const { heading, speed } = pieceAt(course.pieces, Math.ceil(tick))
  return { x: x + course.errorX, y: y + course.errorY, heading, speed }
}

function push(pieces: Piece[], piece: Piece): void {
  if (pieces.at(-1)!.tick === piece.tick) pieces.pop()
  pieces.push(piece)
  if (pieces.length > piecesMax) pieces.shift()
}

/** The piece that holds at a tick; before the first one it is the first. */
function pieceAt(pieces: Piece[], tick: number): Piece {
  for (let i = pieces.length - 1; i > 0; i--) if (pieces[i]!.tick <= tick) return pieces[i]!
  return pieces[0]!
}

function between(course: Course, tick: number): Place {
  const whole = Math.floor(tick)
  const part = tick - whole
  const from = exact(course, whole)
  if (part === 0) return from
  const to = exact(course, whole + 1)
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

function exact({ pieces, tickHz }: Course, tick: number): Place {
  const piece = pieceAt(pieces, tick)
  // An entity must not be drawn walking backwards to positions from before it came into view.
  return along(piece, Math.max(0, tick - piece.tick), tickHz)
}

/** The part of a drawing error that is left after a time. */
export function fade(elapsedMs: number): number {
  return Math.exp(-elapsedMs / errorFadesMs)
}

/** Whether an error is so large that it is a jump, not a delay. */
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
