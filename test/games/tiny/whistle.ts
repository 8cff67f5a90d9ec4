// A whistle: sheep that are near stop and look at the whistler.
import { headingTo, message, metresToUnits, near, requestEffect, stand } from 'waystone/zone'
import { gathered } from './gathered.ts'
import { Called, whistle, whistled } from './protocol.ts'

export const whistling = message({
  kind: 'game.whistle',
  toServer: whistle,
  toClient: whistled,
  rate: { burst: 2, perSecond: 0.5 },
  handle(world, player, { loud }, send) {
    let came = 0
    for (const sheep of near(world, player, metresToUnits(loud ? 60 : 5))) {
      if (sheep.archetype.body === 'player') continue
      const towards = headingTo(player.x - sheep.x, player.y - sheep.y) & 0xffc0
      stand(world, sheep, 3 * world.tickHz, towards)
      came++
    }
    // Once for each player, however often he whistles: the id names the fact.
    requestEffect(world, player, { id: 'first', kind: gathered.kind, body: { came } })
    // Each whistle counts. A tick names one in this stay alone.
    if (came > 0) {
      requestEffect(world, player, { id: `${world.tick}`, per: 'stay', ...Called.add(came) })
    }
    send.broadcast({ from: player.id, came })
  },
})
