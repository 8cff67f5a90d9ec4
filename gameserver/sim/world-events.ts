// Events that the content has happen at a time. The world is told by an input, so a recorded run repeats them. What is
// on stands in the world: an occurrence that is told twice begins once, and one whose end was missed ends when another
// one begins.
import { fail, refusePromise } from './faults.ts'
import type { Tick, World } from './world.ts'
import type { EventOccurrence, HandledEvent, WorldEventHandlers } from './zone.ts'

/** Declares what a game does when an event of its content (`events/<id>.json`) begins and ends. */
export function onEvent(event: string, handlers: WorldEventHandlers): HandledEvent {
  return { event, ...handlers }
}

/** What is on, as an input says it: all events of the zone that are under way. */
export function runWorldEvents(world: World, tick: Tick): void {
  for (const input of tick.inputs) {
    if (input.input !== 'worldEvents') continue
    const on = new Map(input.on.map((one) => [one.event, one]))
    for (const [event, before] of world.happening) {
      const now = on.get(event)
      if (now?.startsAt === before.startsAt) continue
      world.happening.delete(event)
      tell(world, event, 'ends', { ...before, since: secondsOf(before, input.at) })
    }
    for (const [event, { startsAt, endsAt }] of on) {
      if (world.happening.has(event)) continue
      const occurrence = { id: `${event}@${startsAt}`, startsAt, endsAt }
      world.happening.set(event, occurrence)
      tell(world, event, 'begins', { ...occurrence, since: secondsOf(occurrence, input.at) })
    }
  }
}

function secondsOf({ startsAt }: { startsAt: number }, at: number): number {
  return Math.max(0, Math.floor((at - startsAt) / 1000))
}

function tell(
  world: World,
  event: string,
  what: 'begins' | 'ends',
  occurrence: EventOccurrence,
): void {
  const handled = world.rules!.worldEvents.get(event)
  try {
    refusePromise(handled?.[what]?.(world.zone, occurrence))
  } catch (error) {
    fail(world, `event ${event}, ${what}`, error)
  }
}
