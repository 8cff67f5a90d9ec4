// A system: each player who enters is greeted with the number of those before.
import { message, nameOf, sendTo } from 'waystone/zone'
import type { GameSystem } from 'waystone/zone'
import * as z from 'waystone/zod'
import { greeting } from './protocol.ts'

/** Clients are only sent it: what they send of it is refused. */
export const greet = message({
  kind: 'game.greeting',
  toServer: z.never(),
  toClient: greeting,
  rate: { burst: 0, perSecond: 0 },
  handle: () => {},
})

export const greeter: GameSystem = {
  name: 'greeter',
  after: 'input',
  run(world, tick) {
    for (const event of tick.events) {
      if (event.event !== 'entered') continue
      const before = typeof world.game['greeted'] === 'number' ? world.game['greeted'] : 0
      world.game['greeted'] = before + 1
      const text = `Welcome, ${nameOf(world, event.entity)}. ${before} came before you.`
      sendTo(world, event.entity, greet.kind, { text })
    }
  },
}
