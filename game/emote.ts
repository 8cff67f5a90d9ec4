// Emotes: everybody who sees the player is sent one, and the page shows it over the head. Among others an emote is
// also a result for two leaderboards: how many stood together, and how lively a guild is.
import { onMessage, Players } from 'waystone/zone'
import { emote, Gathering, LivelyGuilds } from './protocol.ts'

const together = 12

export const emoting = onMessage(emote, (zone, player, { emote: shown }) => {
  zone.broadcast(player, emote, { from: player.id, emote: shown })
  const others = zone.near(player, together, Players).length
  if (others === 0) return
  // Each size of a gathering counts once a stay: so nobody fills the store by waving.
  const fact = `among ${others}`
  zone.effect(player, Gathering.submit(others + 1), fact, 'stay')
  zone.effect(player, LivelyGuilds.submit(others), fact, 'stay')
})
