// Control messages that came in since the last step, in their order.
import { broadcast, sendTo } from '../entities.ts'
import type { Message } from '../message.ts'
import { entityOf } from '../slots.ts'
import type { Tick, World } from '../world.ts'
import { settleEntities } from './cells.ts'

export function handleMessages(
  world: World,
  tick: Tick,
  messages: ReadonlyMap<string, Message>,
): void {
  const handled = new Set<string>()
  for (const input of tick.inputs) {
    if (input.input !== 'message') continue
    const { kind, body } = input
    const player = entityOf(world, input.id)
    const message = messages.get(kind)
    // The player may have left between sending and this step.
    if (player === undefined || message === undefined) continue
    handled.add(kind)
    // A fault in the message of one player must not cost the others their step.
    try {
      message.handle(world, player, body, {
        reply: (answer) => void sendTo(world, player, kind, answer),
        broadcast: (sent) => void broadcast(world, player, kind, sent),
      })
    } catch (error) {
      tick.events.push({ event: 'failed', what: `message ${kind}`, error })
    }
  }
  if (handled.size > 0) settleEntities(world, `message ${[...handled].join(', ')}`)
}
