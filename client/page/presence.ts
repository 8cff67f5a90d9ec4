// Who comes into view and who leaves it, for the hooks of a game.
import type { Drawn } from '../library/view.ts'

/** Returns a function that takes everybody who is in view now; nobody, when the player leaves the instance. */
export function createPresence(hooks: {
  entered: (entity: Drawn) => void
  left: (entity: Drawn) => void
}): (now: readonly Drawn[]) => void {
  let known = new Map<number, Drawn>()
  return (now) => {
    const before = known
    known = new Map(now.map((entity) => [entity.id, entity]))
    for (const [id, entity] of before) if (!known.has(id)) hooks.left(entity)
    for (const entity of now) if (!before.has(entity.id)) hooks.entered(entity)
  }
}
