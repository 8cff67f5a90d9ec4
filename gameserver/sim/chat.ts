// Nearby chat: a line is broadcast to all players who see the speaker.
import { chatBurst, chatRefillMs } from '#shared/limits.ts'
import { chatHeard, chatLine } from '#shared/protocol/control.ts'
import { message } from '#shared/protocol/message.ts'
import { onMessage } from './message.ts'

const chatNearby = message('chat.nearby', {
  toServer: chatLine,
  toClient: chatHeard,
  rate: { burst: chatBurst, perSecond: 1000 / chatRefillMs },
  speech: ['text'],
})

export const chat = onMessage(chatNearby, (zone, player, { text }) =>
  zone.broadcast(player, chatNearby, { from: player.id, name: player.name, text }),
)
