// Players move by one command a tick, by the step that their clients predict with.
import { stepOwn } from '#shared/rules/own-state.ts'
import { takeCommand } from '../commands.ts'
import { noteTaken } from '../own.ts'
import { endCast, takeEffect } from '../own-changes.ts'
import { useAbility } from '../use-ability.ts'
import type { Entity, World } from '../world.ts'

const command = { heading: 0, buttons: 0 }

export function movePlayers(world: World): void {
  // A step that failed may have left some.
  world.casts.length = 0
  move(world, world.players)
  move(world, world.unseen)
}

function move(world: World, players: readonly Entity[]): void {
  const { tick, tickHz, walls } = world
  for (let i = 0; i < players.length; i++) {
    const player = players[i]!
    const commands = player.commands!
    const own = player.own!
    const running = commands.running
    const taken = takeCommand(commands)
    const stands = taken === 'standing'
    const { expected, use } = commands
    // Also the step in which a player comes to a stand for want of commands.
    player.unsure = commands.dropped || taken === 'missing' || (stands && running)
    commands.dropped = false
    command.heading = stands ? player.heading : commands.heading
    command.buttons = stands ? 0 : commands.buttons
    if (own.announced.length > 0) {
      takeEffect(world, player, stands ? Infinity : expected - 1)
      // No number tells a client that stands when they took effect.
      if (stands) own.changedAt = tick
    }
    if (own.state.castAbility >= 0) endCast(world, player)
    if (use !== undefined) useAbility(world, player, use, expected - 1, command.heading)
    noteTaken(own, tick, expected, !stands)
    stepOwn(player, command, own.state, tick, tickHz, walls)
  }
}
