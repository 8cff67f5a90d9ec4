// What happens in a zone: the systems of the core in their order, the kinds of control messages that it
// understands, and what a game adds to both by registration. A game names a core system that its own
// runs after, never a position, so the core may grow without a game noticing.
import { hearMessages } from './systems/messages.ts'
import { applyInputs } from './systems/input.ts'
import { moveEntities } from './systems/cells.ts'
import { checkGates } from './systems/gates.ts'
import { movePlayers } from './systems/movement.ts'
import { wander } from './systems/wander.ts'
import { chatNearby } from './chat.ts'
import type { Message } from './message.ts'
import type { Tick, World, WorldEvent } from './world.ts'

/** Changes the world in place and pushes events. No clock, no I/O, nothing awaited. */
export type System = (world: World, tick: Tick) => void

export type CoreSystem = 'input' | 'messages' | 'movement' | 'wander' | 'gates' | 'cells'

/** A system of a game: runs right after the core system that it names, in the order of registration. */
export type GameSystem = { name: string; after: CoreSystem; run: System }

export type ZoneRules = {
  /** In their order. */
  systems: readonly System[]
  messages: ReadonlyMap<string, Message>
}

/** Kinds of a game begin like this, so no kind that the core gets later can take their name. */
const gameKind = /^game\.[a-z][a-z0-9_.]{0,39}$/

/**
 * The rules of a zone with what a game adds. Throws, with the name, when a kind does not begin with
 * `game.` or anything is registered twice.
 */
export function zoneRules(
  added: { messages?: readonly Message[]; systems?: readonly GameSystem[] } = {},
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
  // Their order is a rule of the game: a command that came in before the step moves its player in it,
  // and a gate is noticed in the step in which somebody walks into it.
  const core: [CoreSystem, System][] = [
    ['input', applyInputs],
    ['messages', (world, tick) => hearMessages(world, tick, messages)],
    ['movement', movePlayers],
    ['wander', wander],
    ['gates', checkGates],
    ['cells', moveEntities],
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
  return { systems, messages }
}

/** A fault in a game's system must not keep the core's from running: people would be stuck. */
function guarded({ name, run }: GameSystem): System {
  return (world, tick) => {
    try {
      withoutUnseen(world, tick, run)
    } catch (error) {
      tick.events.push({ event: 'failed', what: `system ${name}`, error })
    }
  }
}

/** A game knows nothing of players whom nobody sees: they are in no list of its, and in no event. */
function withoutUnseen(world: World, tick: Tick, run: System): void {
  if (!tick.events.some(isUnseen)) {
    run(world, tick)
    return
  }
  const events = tick.events.filter((event) => !isUnseen(event))
  const before = events.length
  try {
    run(world, { ...tick, events })
  } finally {
    tick.events.push(...events.slice(before))
  }
}

function isUnseen(event: WorldEvent): boolean {
  if (event.event === 'failed') return false
  return (event.event === 'say' ? event.from : event.entity).unseen
}

/** What a zone does without a game. */
export const coreRules: ZoneRules = zoneRules()
