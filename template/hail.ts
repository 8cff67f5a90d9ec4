// A hail: moths that are near stand still and look at the player, and all who see the player read of it.
import { archetype, onMessage } from 'waystone/zone'
import { hail } from './protocol.ts'

/** content/creatures/moth.json says how it looks and how fast it is. */
export const Moth = archetype('moth', { body: 'walker' })

export const hailing = onMessage(hail, (zone, player) => {
  const moths = zone.near(player, 15, Moth)
  for (const moth of moths) zone.stand(moth, 2, player)
  zone.broadcast(player, hail, { from: player.id, moths: moths.length })
})
