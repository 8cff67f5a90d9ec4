// The real command queue of the zone host, with the names of these tests.
import {
  createCommands,
  haltCommands,
  offerCommand,
  takeCommand,
} from '#gameserver/sim/commands.ts'
import type { Command } from '#shared/rules/movement.ts'

export function takesCommands() {
  const queue = createCommands(0)
  const late: number[] = []
  let missing = 0
  return {
    offer(number: number, { heading, buttons }: Command) {
      if (number < queue.expected) late.push(number)
      offerCommand(queue, number, heading, buttons)
    },
    /** The command of this tick; undefined to stand. */
    take(): Command | undefined {
      const taken = takeCommand(queue)
      if (taken === 'missing') missing++
      return taken === 'standing' ? undefined : { heading: queue.heading, buttons: queue.buttons }
    },
    halt: () => haltCommands(queue, () => undefined),
    get expected() {
      return queue.expected
    },
    get waiting() {
      return queue.waiting
    },
    /** Ticks whose command was missing. */
    get missing() {
      return missing
    },
    /** Numbers that came too late. */
    late,
  }
}
