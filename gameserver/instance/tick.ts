// One tick of an instance: the step of its world, the events of the step, and the snapshots.
import { tooLong } from '#shared/telemetry/fault.ts'
import { step } from '../sim/step.ts'
import type { WorldEvent } from '../sim/world.ts'
import { deliver } from './delivery.ts'
import { effectAsked, forgetEffects, sendOutcome } from './effects.ts'
import { entered, notEntered, welcome } from './entry.ts'
import type { Instance } from './instance.ts'
import { startLeave } from './leaving.ts'

/**
 * One step and its snapshots; without snapshots (`delivers`) when the next step follows at once. `now`:
 * monotonic ms. Throws when the step fails; what happened until then stands.
 */
export function tickInstance(instance: Instance, now: number, delivers = true): void {
  try {
    advance(instance)
    instance.records.publish()
    if (!delivers) return
    for (const character of instance.returning) {
      instance.returning.delete(character)
      welcome(instance, character)
    }
    deliver(instance, now)
  } catch (error) {
    // A viewer that missed a record of this step is sent everything anew.
    for (const { viewer } of instance.roster.all()) if (viewer) viewer.keyframe = true
    throw error
  }
}

function advance(instance: Instance): void {
  const { inputs } = instance
  instance.inputs = []
  const events: WorldEvent[] = []
  const watch = createStopwatch(instance.monotonic)
  try {
    step(instance.world, inputs, instance.rules, events, watch.ran)
    reportSlow(instance, watch)
    forgetEffects(instance, inputs)
  } catch (error) {
    // The systems that wait for the outcome of an effect may not have run.
    for (const input of inputs) if (input.input === 'effect') instance.inputs.push(input)
    throw error
  } finally {
    instance.undelivered.push(...events)
    for (const event of events) applyEvent(instance, event)
  }
}

/** Measures the parts of a step from outside: the step itself reads no clock. */
function createStopwatch(monotonic: () => number) {
  const began = monotonic()
  let last = began
  const slowest = { part: '', ms: 0 }
  return {
    slowest,
    ran(part: string) {
      const now = monotonic()
      if (now - last > slowest.ms) Object.assign(slowest, { part, ms: now - last })
      last = now
    },
    tookMs: () => last - began,
  }
}

/**
 * Names what took the most of a step that alone was longer than a tick. It can only be seen afterwards: a part
 * that never returns holds the whole host, until the fleet replaces it (docs/operations.md).
 */
function reportSlow(
  { faults, world, monotonic }: Instance,
  { slowest, tookMs }: ReturnType<typeof createStopwatch>,
): void {
  const [budgetMs, ms] = [1000 / world.tickHz, tookMs()]
  if (ms <= budgetMs) return
  // A text, for no line of code is to be named.
  const took = `${slowest.ms.toFixed(0)} of ${ms.toFixed(0)} ms; a tick is ${budgetMs.toFixed(0)} ms`
  faults.report(`${tooLong}${slowest.part}`, took, monotonic())
}

/** Applies an event to the characters. `deliver` sends it to viewers. */
function applyEvent(instance: Instance, event: WorldEvent): void {
  switch (event.event) {
    case 'entered':
      entered(instance, event.ref, event.entity)
      break
    case 'gate': {
      const character = instance.roster.findEntity(event.entity.id)
      if (character !== undefined) character.gate = event.gate
      break
    }
    case 'failed':
      instance.faults.report(event.what, event.error, instance.monotonic(), event.of)
      if (event.ref !== undefined) notEntered(instance, event.ref)
      break
    case 'left': {
      // A game has removed the body of a player: his stay ends.
      const character = instance.roster.findEntity(event.entity.id)
      if (character !== undefined) startLeave(instance, character, 'left')
      break
    }
    case 'effectAsked':
      effectAsked(instance, event)
      break
    case 'effect':
      sendOutcome(instance, event)
      break
    case 'message':
    case 'refused':
    case 'used':
      break
  }
}
