// Emotes: whoever sees the player is told, and the page shows it over the head.
import { message } from '#gameserver/sim/message.ts'
import { emoteKind, emoteShown, showEmote } from './protocol.ts'

export const emote = message({
  kind: emoteKind,
  toServer: showEmote,
  toClient: emoteShown,
  rate: { burst: 3, perSecond: 0.5 },
  handle: (_, player, { emote }, say) => say.nearby({ from: player.id, emote }),
})
