// Timers: a name and plain data. So they say by themselves what is to happen, repeat in a replay, and outlive
// what set them: the entity, its archetype, a change of content.
import { timerDataMaxChars, timersPerZoneMax } from '#shared/limits.ts'
import { fail, refusePromise } from './faults.ts'
import { Refusal } from './handle.ts'
import type { World } from './world.ts'
import type { Timer, Zone } from './zone.ts'

/** Declares what happens when a timer is due. A game registers it, and sets it by `zone.after`. */
export function timer<D = undefined>(name: string, run: (zone: Zone, data: D) => void): Timer<D> {
  return { name, run }
}

/**
 * Sets a timer. It is due `ticks` from now, in the next step at the earliest. Throws a Refusal when too many
 * wait, and a RangeError for data that JSON does not have, or that are too large.
 */
export function setTimer(
  world: World,
  ticks: number,
  { name }: Pick<Timer, 'name'>,
  data: unknown,
): void {
  if (world.timers.length >= timersPerZoneMax) {
    throw new Refusal('full', `timer ${name}: ${timersPerZoneMax} timers wait already`)
  }
  const text = data === undefined ? '' : plainText(data, 0) ? JSON.stringify(data) : undefined
  if (text === undefined) throw new RangeError(`timer ${name}: its data are not plain`)
  if (text.length > timerDataMaxChars) throw new RangeError(`timer ${name}: its data are too large`)
  const waiting = { due: world.tick + Math.max(1, ticks), name, data: text }
  let at = world.timers.length
  // Mostly the new one is among the last.
  while (at > 0 && world.timers[at - 1]!.due > waiting.due) at--
  world.timers.splice(at, 0, waiting)
}

/** Objects nest no deeper in what a timer keeps. A loop is deeper. */
const depthMax = 8

/** Whether a value comes back from JSON as it is. A handle of an entity does not: keep its id. */
function plainText(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth === depthMax) return false
  const within = (inner: unknown) => plainText(inner, depth + 1)
  if (Array.isArray(value)) return value.every(within)
  const plain = Object.getPrototypeOf(value) === Object.prototype
  return plain && Object.values(value).every(within)
}

/** Runs the timers that are due, in their order. Those that they set come in a later step. */
export function runTimers(world: World): void {
  const { timers, tick } = world
  let count = 0
  while (count < timers.length && timers[count]!.due <= tick) count++
  for (const { name, data } of timers.splice(0, count)) {
    try {
      const known = world.rules!.timers.get(name)
      if (known === undefined) throw new Error('the game has no such timer')
      refusePromise(known.run(world.zone, data === '' ? undefined : JSON.parse(data)))
    } catch (error) {
      fail(world, `timer ${name}`, error)
    }
  }
}
