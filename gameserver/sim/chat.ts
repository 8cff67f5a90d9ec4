// Nearby chat: a line is broadcast to all players who see the speaker.
import { chatBurst, chatRefillMs } from '#shared/limits.ts'
import { chatHeard, chatLine } from '#shared/protocol/control.ts'
import { message } from './message.ts'

export const chatNearby = message({
  kind: 'chat.nearby',
  toServer: chatLine,
  toClient: chatHeard,
  rate: { burst: chatBurst, perSecond: 1000 / chatRefillMs },
  handle: (_, { id, name }, { text }, send) => send.broadcast({ from: id, name, text }),
})
