// Applies the inputs since the last step: players who enter and leave, and commands.
import { commandsPerFrameMax } from '#shared/protocol/client-frames.ts'
import { Players } from '../archetype.ts'
import type { Archetype } from '../zone.ts'
import { changeContent } from '../content.ts'
import { createCommands, haltCommands, offerCommand } from '../commands.ts'
import { restoreCooldowns } from '../cooldowns.ts'
import { despawn } from '../entities.ts'
import { createOwn, forgetClient, noteKnown } from '../own.ts'
import { askResult } from '../result.ts'
import { restoreParts } from '../saved-parts.ts'
import { addEntity, entityOf } from '../slots.ts'
import { refuseUse } from '../use-ability.ts'
import type { Entity, Tick, World, WorldInput } from '../world.ts'

export function applyInputs(world: World, tick: Tick): void {
  for (const input of tick.inputs) {
    // An input that fails must not keep the next ones from being applied: a body whose leave is lost stays for ever.
    try {
      apply(world, tick, input)
    } catch (error) {
      const ref = input.input === 'enter' ? { ref: input.ref } : {}
      tick.events.push({ event: 'failed', what: `input ${input.input}`, error, ...ref })
    }
  }
}

function apply(world: World, tick: Tick, input: WorldInput): void {
  switch (input.input) {
    case 'enter':
      enter(world, tick, input)
      break
    case 'leave': {
      const entity = entityOf(world, input.id)
      if (entity !== undefined) despawn(world, entity)
      break
    }
    case 'halt': {
      const entity = entityOf(world, input.id)
      if (entity?.commands === undefined) break
      haltCommands(entity.commands, (number) => refuseUse(world, entity, number, 'late'))
      forgetClient(entity.own!)
      break
    }
    case 'commands': {
      const entity = entityOf(world, input.id)
      if (entity?.commands !== undefined) takeCommands(world, entity, input)
      break
    }
    case 'message':
      // A later system handles it, after all players of this step have entered (messages.ts).
      break
    case 'worldEvents':
      // So does this (world-events.ts).
      break
    case 'effect': {
      const { effect, outcome } = input
      const entity = entityOf(world, input.id)
      if (entity !== undefined) tick.events.push({ event: 'effect', entity, effect, outcome })
      break
    }
    case 'content':
      changeContent(world, tick, input)
      break
  }
}

function takeCommands(
  world: World,
  entity: Entity,
  { first, known = 0, commands }: Extract<WorldInput, { input: 'commands' }>,
): void {
  const count = Math.min(commands.length, commandsPerFrameMax)
  for (let i = 0; i < count; i++) {
    const { heading, buttons, use } = commands[i]!
    const refused = offerCommand(entity.commands!, first + i, heading, buttons, use)
    if (refused > 0) refuseUse(world, entity, refused, 'late')
  }
  noteKnown(entity.own!, world, known, first + count - 1)
}

function enter(world: World, tick: Tick, input: Extract<WorldInput, { input: 'enter' }>): void {
  const { ref, appearance, name, radius, who, unseen = false } = input
  const heading = input.heading & 0xffff
  let { x, y } = input
  // Walls may have been built over a saved position since; a position may be none at all.
  const sound = Number.isSafeInteger(x) && Number.isSafeInteger(y)
  if (!sound || world.walls.blocked(x, y, radius)) {
    x = world.spawnX
    y = world.spawnY
  }
  const body = {
    archetype: Players as Archetype,
    appearance,
    name,
    who,
    x,
    y,
    heading,
    radius,
    unseen,
  }
  const entity = addEntity(world, { ...body, ofContent: false })
  // A zone's capacity is far below the number of slots, so there is always one.
  if (entity === undefined) throw new Error('no slot is free for a player')
  entity.commands = createCommands(heading)
  entity.own = createOwn(radius)
  if (input.parts !== undefined) {
    restoreCooldowns(world, entity, input.parts)
    restoreParts(world, entity, input.parts, (error) =>
      tick.events.push({ event: 'failed', what: `saved parts of ${name}`, error }),
    )
  }
  tick.events.push({ event: 'entered', ref, entity })
  askResult(world, entity)
}
