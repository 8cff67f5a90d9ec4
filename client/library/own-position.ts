// Where to draw one's own body: between two steps, and smoothly after a correction.
import { fade, isElsewhere } from './interpolation.ts'
import type { Prediction } from './prediction.ts'

export type OwnPosition = {
  /** Runs a function that may move the own body at once. The drawing follows smoothly. */
  smoothly<T>(now: number, act: () => T): T
  /** In units. Errors fade with the time between two calls. */
  draw(now: number): { x: number; y: number }
}

/** `partOfStep`: the part of the current step that has passed, 0..1. */
export function createOwnPosition(
  prediction: Pick<Prediction, 'body' | 'previous'>,
  partOfStep: (now: number) => number,
  now: number,
): OwnPosition {
  let errorX = 0
  let errorY = 0
  let drawnAt = now

  const exact = (at: number) => {
    const { previous, body } = prediction
    const part = partOfStep(at)
    return {
      x: previous.x + (body.x - previous.x) * part,
      y: previous.y + (body.y - previous.y) * part,
    }
  }

  return {
    smoothly(at, act) {
      const before = exact(at)
      const result = act()
      const after = exact(at)
      errorX += before.x - after.x
      errorY += before.y - after.y
      if (isElsewhere(errorX, errorY)) errorX = errorY = 0
      return result
    },
    draw(at) {
      const rest = fade(Math.max(0, at - drawnAt))
      drawnAt = at
      errorX *= rest
      errorY *= rest
      const { x, y } = exact(at)
      return { x: x + errorX, y: y + errorY }
    },
  }
}
