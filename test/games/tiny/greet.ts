// A system: each player who enters is greeted with the number of those before.
import type { GameSystem } from 'waystone/zone'
import { greeting } from './protocol.ts'

export const greeter: GameSystem = {
  name: 'greeter',
  after: 'input',
  run(zone, events) {
    for (const { event, player } of events) {
      if (event !== 'entered') continue
      const before = Number(zone.state['greeted'] ?? 0)
      zone.state['greeted'] = before + 1
      const text = `Welcome, ${player.name}. ${before} came before you.`
      zone.send(player, greeting, { text })
    }
  },
}
