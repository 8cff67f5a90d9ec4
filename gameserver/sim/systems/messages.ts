// Control messages that came in since the last step, in their order.
import type { Message } from '../message.ts'
import { entityOf } from '../world.ts'
import type { Tick, World } from '../world.ts'

export function hearMessages(
  world: World,
  tick: Tick,
  messages: ReadonlyMap<string, Message>,
): void {
  for (const input of tick.inputs) {
    if (input.input !== 'message') continue
    const { kind, body } = input
    const player = entityOf(world, input.id)
    const message = messages.get(kind)
    // It may have left between sending and this step.
    if (player === undefined || message === undefined) continue
    const say = (heard: 'self' | 'nearby') => (said: unknown) => {
      tick.events.push({ event: 'say', from: player, heard, kind, body: said })
    }
    const nearby = say(player.unseen ? 'self' : 'nearby')
    // What one player sends must not cost the others their step.
    try {
      message.handle(world, player, body, { reply: say('self'), nearby })
    } catch (error) {
      tick.events.push({ event: 'failed', what: `message ${kind}`, error })
    }
  }
}
