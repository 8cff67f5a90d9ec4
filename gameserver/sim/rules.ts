// The rules of a zone: the systems of the core in their order, the kinds of control messages that it
// understands, and the systems and kinds that a game registers. A game names the core system after which its
// own runs, never a position. So the core can grow without a change to a game.
import { handleMessages } from './systems/messages.ts'
import { applyInputs } from './systems/input.ts'
import { settleEntities } from './systems/cells.ts'
import { checkGates } from './systems/gates.ts'
import { movePlayers } from './systems/movement.ts'
import { wander } from './systems/wander.ts'
import type { Component } from '#shared/components/component.ts'
import { Creatures, Players } from './archetype.ts'
import type { Archetype } from './archetype.ts'
import { chatNearby } from './chat.ts'
import type { Message } from './message.ts'
import type { GameEvent, GameWorld, Tick, World, WorldEvent } from './world.ts'

/** Changes the world in place and pushes events. No clock, no I/O, nothing awaited. */
export type System = (world: World, tick: Tick) => void

/** A step as a system of a game sees it: its number, and what happened in it so far. */
export type GameTick = { readonly number: number; readonly events: readonly GameEvent[] }

export type CoreSystem = 'input' | 'messages' | 'movement' | 'wander' | 'gates' | 'cells'

/**
 * A system of a game: runs right after the core system that it names, in the order of registration. It
 * changes the world by entities.ts alone. No clock, no I/O, nothing awaited.
 */
export type GameSystem = {
  name: string
  after: CoreSystem
  run: (world: GameWorld, tick: GameTick) => void
}

export type ZoneRules = {
  /** In their order. */
  systems: readonly System[]
  messages: ReadonlyMap<string, Message>
  /** Their places are their numbers on the wire. */
  archetypes: readonly Archetype[]
  /** Those that every player has; others come with their archetypes. */
  components: readonly Component[]
}

/** Kinds of a game begin like this, so no kind that the core gets later can take their name. */
const gameKind = /^game\.[a-z][a-z0-9_.]{0,39}$/

/**
 * The rules of a zone with what a game adds. Throws, with the name, when a kind does not begin with
 * `game.` or anything is registered twice.
 */
export function zoneRules(
  added: {
    messages?: readonly Message[]
    systems?: readonly GameSystem[]
    archetypes?: readonly Archetype[]
    /** Those that every player has. */
    components?: readonly Component[]
  } = {},
): ZoneRules {
  const messages = new Map([[chatNearby.kind, chatNearby]])
  for (const message of added.messages ?? []) {
    const { kind } = message
    if (!gameKind.test(kind)) {
      throw new Error(`the message kind ${kind} must begin with "game." and be in lower case`)
    }
    if (messages.has(kind)) throw new Error(`the message kind ${kind} is registered twice`)
    messages.set(kind, message)
  }
  // Their order is a rule of the game: a command that came in before the step moves its player in that step,
  // and a gate works in the same step in which a player walks into it.
  const core: [CoreSystem, System][] = [
    ['input', applyInputs],
    ['messages', (world, tick) => handleMessages(world, tick, messages)],
    ['movement', movePlayers],
    ['wander', wander],
    ['gates', checkGates],
    ['cells', (world) => settleEntities(world, 'system cells')],
  ]
  const names = new Set<string>()
  for (const { name } of added.systems ?? []) {
    if (names.has(name)) throw new Error(`the system ${name} is registered twice`)
    names.add(name)
  }
  const systems = core.flatMap(([name, run]) => [
    run,
    ...(added.systems ?? []).filter(({ after }) => after === name).map(guarded),
  ])
  const { archetypes = [], components = [] } = added
  return { systems, messages, archetypes: [Players, Creatures, ...archetypes], components }
}

/**
 * Runs a system of a game. If it throws, only this system loses its step: its changes until then stay, the
 * core's systems run, and the next system sees sound entities.
 */
function guarded({ name, run }: GameSystem): System {
  const by = `system ${name}`
  return (world, tick) => {
    try {
      run(world, { number: tick.number, events: gameEvents(tick.events) })
    } catch (error) {
      tick.events.push({ event: 'failed', what: by, error })
    }
    settleEntities(world, by)
  }
}

/** A game knows nothing of unseen players: they are in none of its lists, and in none of its events. */
function gameEvents(events: readonly WorldEvent[]): readonly GameEvent[] {
  return events.filter((event): event is WorldEvent & GameEvent => {
    switch (event.event) {
      case 'entered':
      case 'left':
      case 'gate':
      case 'effect':
        return !event.entity.unseen
      case 'effectAsked':
      case 'message':
      case 'failed':
        return false
    }
  })
}

/** The rules of a zone without a game. */
export const coreRules: ZoneRules = zoneRules()
