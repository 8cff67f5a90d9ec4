// Emotes: everybody who sees the player is sent one, and the page shows it over the head.
import { onMessage } from 'waystone/zone'
import { emote } from './protocol.ts'

export const emoting = onMessage(emote, (zone, player, { emote: shown }) =>
  zone.broadcast(player, emote, { from: player.id, emote: shown }),
)
