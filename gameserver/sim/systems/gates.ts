// Gates: walking into an area that leads to another zone is an event, once. A player who appears inside a
// gate has to leave it first, so no player is sent back and forth.
import { gateAt } from '../gates.ts'
import type { Tick, World } from '../world.ts'

export function checkGates(world: World, tick: Tick): void {
  if (world.gates.length === 0) return
  for (let i = 0; i < world.players.length; i++) {
    const player = world.players[i]!
    if (player.speed === 0) continue
    const gate = gateAt(world, player.x, player.y)
    if (gate === player.gate) continue
    player.gate = gate
    if (gate >= 0) tick.events.push({ event: 'gate', entity: player, gate: world.gates[gate]! })
  }
}
