// A whistle: sheep that are near stop and look at the whistler.
import { message } from '#gameserver/sim/message.ts'
import { headingTo } from '#shared/rules/heading.ts'
import { metresToUnits } from '#shared/rules/units.ts'
import { whistle, whistled } from './protocol.ts'

export const whistling = message({
  kind: 'game.whistle',
  toServer: whistle,
  toClient: whistled,
  rate: { burst: 2, perSecond: 0.5 },
  handle(world, player, { loud }, say) {
    const reach = metresToUnits(loud ? 60 : 5)
    let came = 0
    for (const sheep of world.creatures) {
      const dx = player.x - sheep.x
      const dy = player.y - sheep.y
      if (dx * dx + dy * dy > reach * reach) continue
      sheep.speed = 0
      sheep.heading = headingTo(dx, dy) & 0xffc0
      sheep.wander!.until = world.tick + 3 * world.tickHz
      came++
    }
    say.nearby({ from: player.id, came })
  },
})
