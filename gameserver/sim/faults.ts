// Faults of a game in a step: named, bounded in number, and nothing else ends with them.
import { faultsPerStepMax } from '#shared/limits.ts'
import { nameOf } from './slots.ts'
import type { Entity, World } from './world.ts'

/** Reports that `what` of the game failed, `entity` being the one it was called for. */
export function fail(world: World, what: string, error: unknown, entity?: Entity): void {
  world.faults++
  if (world.faults > faultsPerStepMax) return
  const of = entity === undefined ? {} : { of: `${nameOf(world, entity)} (${entity.id})` }
  world.events.push({ event: 'failed', what, error, ...of })
}

/** Reports how many faults of a step were not reported. Call it at the end of the step. */
export function closeFaults(world: World): void {
  const more = world.faults - faultsPerStepMax
  world.faults = 0
  if (more <= 0) return
  const error = new Error('too many faults in one step, only the first are named')
  world.events.push({ event: 'failed', what: 'more faults of the game', error })
}

/**
 * Throws when a handler has returned a promise: what it does after its first `await` is in no step, and every
 * call to the zone is refused there.
 */
export function refusePromise(returned: unknown): void {
  if (typeof returned !== 'object' || returned === null || !('then' in returned)) return
  // It has been named; its own end says nothing more.
  Promise.resolve(returned).catch(() => undefined)
  const error = new TypeError('it returned a promise, but a step awaits nothing')
  // No line of the game is on the stack, and one of the core would mislead.
  delete error.stack
  throw error
}
