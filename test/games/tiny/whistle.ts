// A whistle: sheep that are near stop and look at the whistler.
import { headingTo, message, metresToUnits, near, requestEffect, stand } from 'waystone/zone'
import { tally } from './tally.ts'
import { whistle, whistled } from './protocol.ts'

export const whistling = message({
  kind: 'game.whistle',
  toServer: whistle,
  toClient: whistled,
  rate: { burst: 2, perSecond: 0.5 },
  handle(world, player, { loud }, send) {
    let came = 0
    for (const sheep of near(world, player, metresToUnits(loud ? 60 : 5))) {
      if (sheep.type !== 'creature') continue
      const towards = headingTo(player.x - sheep.x, player.y - sheep.y) & 0xffc0
      stand(world, sheep, 3 * world.tickHz, towards)
      came++
    }
    // Once for each player, however often he whistles: the id names the fact.
    requestEffect(world, player, { id: 'first', kind: tally.kind, body: { came } })
    send.broadcast({ from: player.id, came })
  },
})
