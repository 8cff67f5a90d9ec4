// Control messages that came in since the last step, in their order.
import { fail, refusePromise } from '../faults.ts'
import { handleOf } from '../handle.ts'
import { entityOf } from '../slots.ts'
import type { Entity, Tick, World } from '../world.ts'

export function handleMessages(world: World, tick: Tick): void {
  for (const input of tick.inputs) {
    if (input.input !== 'message') continue
    const { kind, body, n } = input
    const player = entityOf(world, input.id)
    // The player may have left between sending and this step.
    if (player === undefined) continue
    // A fault in the message of one player must not cost the others their step.
    try {
      handle(world, player, kind, body, n)
    } catch (error) {
      fail(world, `message ${kind}`, error, player)
      if (n !== undefined)
        tick.events.push({ event: 'refused', to: player, of: kind, code: 'failed', re: n })
    }
  }
}

function handle(
  world: World,
  player: Entity,
  kind: string,
  body: unknown,
  n: number | undefined,
): void {
  const known = world.rules!.messages.get(kind)
  if (known?.handle === undefined) return
  const returned = known.handle(world.zone, handleOf(world, player), body)
  refusePromise(returned)
  if (n === undefined) return
  const answer = known.message.answer?.safeParse(returned)
  if (!answer?.success) throw new TypeError('its answer is not what the kind declares')
  world.events.push({ event: 'message', from: player, to: 'self', kind, body: answer.data, re: n })
}
