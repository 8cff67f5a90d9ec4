// A hail: moths that are near stand still and look at the player, and all who see the player read of it.
import { headingTo, message, metresToUnits, near, stand } from 'waystone/zone'
import { callOut, calledOut, hailKind } from './protocol.ts'

const reach = metresToUnits(15)
const standSeconds = 2

export const hail = message({
  kind: hailKind,
  toServer: callOut,
  toClient: calledOut,
  rate: { burst: 2, perSecond: 1 },
  handle(world, player, _, send) {
    let moths = 0
    for (const moth of near(world, player, reach)) {
      if (moth.archetype.body === 'player') continue
      stand(
        world,
        moth,
        standSeconds * world.tickHz,
        headingTo(player.x - moth.x, player.y - moth.y),
      )
      moths++
    }
    send.broadcast({ from: player.id, moths })
  },
})
