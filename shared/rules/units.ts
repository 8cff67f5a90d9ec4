// Protocol units. Everything that moves is counted in integers, so that client and server, and any
// two machines, agree to the bit (docs/protocol.md, "Units").

/** One metre. Divides so that 5 m/s is 300 units a tick at 20 Hz and 200 at 30 Hz. */
export const unitsPerMetre = 1200
/** Side of an area-of-interest cell: 12.5 m. A place inside a cell fits 16 bits. */
export const cellUnits = 15_000
/** Speeds are whole multiples of this, in units a second (0.05 m/s), so that 20, 30 and 60 Hz divide. */
export const speedStep = 60
/** Fastest speed in steps: what a byte holds, 12.75 m/s. */
export const speedMaxSteps = 255
/** A player walks at 5 m/s. */
export const walkSpeedSteps = 100
/** Half the side of a player's body: 0.4 m. */
export const playerRadius = 480

export function metresToUnits(metres: number): number {
  return Math.round(metres * unitsPerMetre)
}

/** Metres a second to speed steps, rounded to the nearest. */
export function speedToSteps(metresPerSecond: number): number {
  return Math.min(speedMaxSteps, Math.round((metresPerSecond * unitsPerMetre) / speedStep))
}

/** The cell of a place: column in the low byte, row in the high byte. */
export function cellOf(x: number, y: number): number {
  return Math.floor(x / cellUnits) | (Math.floor(y / cellUnits) << 8)
}
