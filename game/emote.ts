// Emotes: everybody who sees the player is sent one, and the page shows it over the head.
import { message } from 'waystone/zone'
import { emoteKind, emoteShown, showEmote } from './protocol.ts'

export const emote = message({
  kind: emoteKind,
  toServer: showEmote,
  toClient: emoteShown,
  rate: { burst: 3, perSecond: 0.5 },
  handle: (_, player, { emote }, send) => send.broadcast({ from: player.id, emote }),
})
