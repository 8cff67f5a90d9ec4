// When the evening bell rings (content/events/evening_bell.json), everybody in the town waves.
import { Players, onEvent } from 'waystone/zone'
import { emote } from './protocol.ts'

export const eveningBell = onEvent('evening_bell', {
  begins(zone) {
    for (const player of zone.all(Players)) {
      zone.broadcast(player, emote, { from: player.id, emote: 'wave' })
    }
  },
})
