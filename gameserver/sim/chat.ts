// Nearby chat: a line is broadcast to all players who see the speaker.
import { chatBurst, chatRefillMs } from '#shared/limits.ts'
import { chatHeard, chatLine } from '#shared/protocol/control.ts'
import { message } from './message.ts'
import { nameOf } from './slots.ts'

export const chatNearby = message({
  kind: 'chat.nearby',
  toServer: chatLine,
  toClient: chatHeard,
  rate: { burst: chatBurst, perSecond: 1000 / chatRefillMs },
  handle: (world, player, { text }, send) =>
    send.broadcast({ from: player.id, name: nameOf(world, player), text }),
})
