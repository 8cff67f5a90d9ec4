// Players move by one command a tick, by the step that their clients predict with.
import { stepPlayer } from '#shared/rules/movement.ts'
import { walkSpeedSteps } from '#shared/rules/units.ts'
import { takeCommand } from '../commands.ts'
import type { Entity, World } from '../world.ts'

const command = { heading: 0, buttons: 0 }

export function movePlayers(world: World): void {
  move(world, world.players)
  move(world, world.unseen)
}

function move({ tickHz, walls }: World, players: readonly Entity[]): void {
  for (let i = 0; i < players.length; i++) {
    const player = players[i]!
    const commands = player.commands!
    const running = commands.running
    const taken = takeCommand(commands)
    // Also the step in which a player comes to a stand for want of commands.
    player.unsure = commands.dropped || taken === 'missing' || (taken === 'standing' && running)
    commands.dropped = false
    if (taken === 'standing') {
      player.speed = 0
      continue
    }
    command.heading = commands.heading
    command.buttons = commands.buttons
    stepPlayer(player, command, walkSpeedSteps, tickHz, walls, player.radius)
  }
}
