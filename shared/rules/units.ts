// Protocol units. Everything that moves is counted in integers, so that client and server, and any
// two machines, agree to the bit (docs/protocol.md, "Units").

/** One metre. Divides so that 5 m/s is 300 units a tick at 20 Hz and 200 at 30 Hz. */
export const unitsPerMetre = 1200
/** Side of an area-of-interest cell: 12.5 m. A place inside a cell fits 16 bits. */
export const cellUnits = 15_000
/** Speeds are whole multiples of this, in units a second (0.05 m/s), so that 20, 30 and 60 Hz divide. */
export const speedStep = 60
/**
 * A speed is one byte, here and on the wire. Up to this value it counts steps of `speedStep` (9.95 m/s); each
 * value above adds 8 steps, so that a byte holds what flies too.
 */
const speedFineMax = 199
const coarseSteps = 8
/** The fastest speed: 647 steps, 32.35 m/s. */
export const speedMax = 255
/** A player walks at 5 m/s. */
export const walkSpeedSteps = 100
/** Half the side of a player's body: 0.4 m. */
export const playerRadius = 480

export function metresToUnits(metres: number): number {
  return Math.round(metres * unitsPerMetre)
}

/** The steps of `speedStep` that a speed stands for. */
export function stepsOf(speed: number): number {
  return speed <= speedFineMax ? speed : speedFineMax + coarseSteps * (speed - speedFineMax)
}

/** The fastest speed of at most so many steps. */
export function speedOfSteps(steps: number): number {
  if (steps <= speedFineMax) return Math.floor(steps)
  return Math.min(speedMax, speedFineMax + Math.floor((steps - speedFineMax) / coarseSteps))
}

/** The units that a speed leads along in one tick. */
export function unitsPerTick(speed: number, tickHz: number): number {
  return (stepsOf(speed) * speedStep) / tickHz
}

/** Metres a second to the nearest speed; at most `speedMax`. */
export function speedOfMetres(metresPerSecond: number): number {
  const steps = (metresPerSecond * unitsPerMetre) / speedStep
  const half = steps <= speedFineMax ? 0.5 : coarseSteps / 2
  return speedOfSteps(steps + half)
}

/** The cell of a place: column in the low byte, row in the high byte. */
export function cellOf(x: number, y: number): number {
  return Math.floor(x / cellUnits) | (Math.floor(y / cellUnits) << 8)
}
