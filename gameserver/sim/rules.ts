// The rules of a zone: the parts of its step in their order, and what a game registers: archetypes, timers,
// messages, systems. A game names the part of the core after which its system runs, never a position. So the
// core can grow without a change to a game.
import type { Component } from '#shared/components/component.ts'
import type { Schema } from '#shared/components/schema.ts'
import type { Ability } from './ability.ts'
import { Creatures, Players } from './archetype.ts'
import { chat } from './chat.ts'
import { createComponents } from './components.ts'
import { fail, refusePromise } from './faults.ts'
import { handleOf } from './handle.ts'
import type { HandledMessage } from './message.ts'
import { castAbilities } from './systems/abilities.ts'
import { settleEntities } from './systems/cells.ts'
import { callEach } from './systems/each.ts'
import { checkGates } from './systems/gates.ts'
import { applyInputs } from './systems/input.ts'
import { handleMessages } from './systems/messages.ts'
import { movePlayers } from './systems/movement.ts'
import { flyProjectiles } from './systems/projectiles.ts'
import { senseTouches } from './systems/sensors.ts'
import { walkOrdered } from './systems/walk.ts'
import { wander } from './systems/wander.ts'
import { runTimers } from './timers.ts'
import { runWorldEvents } from './world-events.ts'
import type { Registered, Tick, World, WorldEvent } from './world.ts'
import type { EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import type { Message } from '#shared/protocol/message.ts'
import type { Archetype, HandledEvent, Handlers, PlayerHandle, Timer, Zone } from './zone.ts'

/** Changes the world in place and pushes events. No clock, no I/O, nothing awaited. */
export type System = { readonly name: string; readonly run: (world: World, tick: Tick) => void }

/**
 * Their order is a rule of the game: a command that came in before the step moves its player in that step, and
 * a gate works in the same step in which a player walks into it.
 */
const core = [
  { name: 'input', run: applyInputs },
  { name: 'messages', run: handleMessages },
  { name: 'events', run: runWorldEvents },
  { name: 'timers', run: runTimers },
  { name: 'each', run: callEach },
  { name: 'movement', run: movePlayers },
  { name: 'abilities', run: castAbilities },
  { name: 'walk', run: walkOrdered },
  { name: 'wander', run: wander },
  { name: 'projectiles', run: flyProjectiles },
  { name: 'sensors', run: senseTouches },
  { name: 'gates', run: checkGates },
  { name: 'cells', run: settleEntities },
] as const satisfies readonly System[]

export type CoreSystem = (typeof core)[number]['name']

/** What happened to players in the step so far. */
export type GameEvent =
  | { readonly event: 'entered' | 'left'; readonly player: PlayerHandle }
  /** He has walked into a gate that leads to a zone. */
  | { readonly event: 'gate'; readonly player: PlayerHandle; readonly to: string }
  /** How an effect ended. It may come again after a change of hosts, and after a step that failed. */
  | {
      readonly event: 'effect'
      readonly player: PlayerHandle
      readonly effect: WaitingEffect
      readonly outcome: EffectOutcome
    }

/**
 * A system of a game: runs in each step, right after the part of the core that it names, in the order of
 * registration. No clock, no I/O, nothing awaited.
 */
export type GameSystem = {
  name: string
  after: CoreSystem
  run: (zone: Zone, events: readonly GameEvent[]) => void
}

export type ZoneRules = Registered & {
  /** In their order. */
  readonly systems: readonly System[]
  /** Their places are their numbers on the wire. */
  readonly archetypes: readonly Archetype[]
  /** Those that every player has; others come with their archetypes. */
  readonly components: readonly Component[]
  /** Their places are their numbers on the wire. */
  readonly abilities: readonly Ability[]
  /** What clients read records by, and send commands by. */
  readonly schema: Schema
}

/** What a game adds to its zones. */
export type ZoneGame = {
  archetypes?: readonly Archetype[]
  /** Components that every player has, and what is done for him. */
  players?: Pick<Handlers<PlayerHandle>, 'spawned' | 'each'> & { parts?: readonly Component[] }
  // oxlint-disable-next-line typescript/no-explicit-any -- each timer has data of its own
  timers?: readonly Timer<any>[]
  /** Messages with their handlers (`onMessage`), and those that clients are only sent. */
  messages?: readonly (HandledMessage | Message)[]
  /** What happens when events of the content begin and end (`onEvent`). */
  events?: readonly HandledEvent[]
  systems?: readonly GameSystem[]
  abilities?: readonly Ability[]
}

/** Kinds of a game begin like this, so no kind that the core gets later can take their name. */
const gameKind = /^game\.[a-z][a-z0-9_.]{0,39}$/

/**
 * The rules of a zone with what a game adds. Throws, with the name, when a kind does not begin with
 * `game.` or anything is registered twice.
 */
export function zoneGame(added: ZoneGame = {}): ZoneRules {
  const { archetypes: own = [], timers = [], systems = [], players = {}, abilities = [] } = added
  const { parts = [], ...handlers } = players
  const messages = (added.messages ?? []).map((one) => ('message' in one ? one : sentOnly(one)))
  for (const { message } of messages) {
    const { kind } = message
    if (gameKind.test(kind)) continue
    throw new Error(`the message kind ${kind} must begin with "game." and be in lower case`)
  }
  const archetypes = [Players as Archetype, Creatures, ...own]
  unique('archetype', archetypes, ({ name }) => name)
  unique('ability', abilities, ({ name }) => name)
  unique('system', systems, ({ name }) => name)
  const withBody = (body: Archetype['body']) => archetypes.filter((one) => one.body === body)
  const handled = new Map<Archetype, Handlers>([[Players, handlers]])
  return {
    systems: core.flatMap((part) => [
      part,
      ...systems.filter(({ after }) => after === part.name).map(guarded),
    ]),
    messages: unique('message kind', [chat, ...messages], ({ message }) => message.kind),
    timers: unique('timer', timers, ({ name }) => name),
    worldEvents: unique('event', added.events ?? [], ({ event }) => event),
    archetypes,
    components: parts,
    abilities,
    // Throws for what fits no record, when the game is loaded.
    schema: createComponents(archetypes, parts, abilities).schema,
    handlers: handled,
    each: archetypes.filter((one) => (handled.get(one) ?? one.handlers).each !== undefined),
    projectiles: withBody('projectile'),
    sensors: withBody('sensor').filter(({ handlers: { touched } }) => touched !== undefined),
  }
}

function sentOnly(message: Message): HandledMessage {
  if (message.toServer === undefined) return { message, handle: undefined }
  throw new Error(`the message kind ${message.kind} has no handler`)
}

function unique<T>(
  what: string,
  all: readonly T[],
  nameOf: (one: T) => string,
): ReadonlyMap<string, T> {
  const known = new Map<string, T>()
  for (const one of all) {
    const name = nameOf(one)
    if (known.has(name)) throw new Error(`the ${what} ${name} is registered twice`)
    known.set(name, one)
  }
  return known
}

/** Runs a system of a game. If it throws, only this system loses its step: its changes until then stay. */
function guarded({ name, run }: GameSystem): System {
  const part = `system ${name}`
  return {
    name: part,
    run(world, tick) {
      try {
        refusePromise(run(world.zone, gameEvents(world, tick.events)))
      } catch (error) {
        fail(world, part, error)
      }
    },
  }
}

/** A game knows nothing of unseen players: they are in none of its lists, and in none of its events. */
function gameEvents(world: World, events: readonly WorldEvent[]): GameEvent[] {
  return events.flatMap((event): GameEvent[] => {
    if (!('entity' in event) || event.event === 'effectAsked' || event.event === 'used') return []
    const { entity } = event
    if (entity.unseen || entity.archetype.body !== 'player') return []
    const player = handleOf(world, entity)
    switch (event.event) {
      case 'entered':
      case 'left':
        return [{ event: event.event, player }]
      case 'gate':
        return [{ event: 'gate', player, to: event.gate.to }]
      case 'effect':
        return [{ event: 'effect', player, effect: event.effect, outcome: event.outcome }]
    }
  })
}

/** The rules of a zone without a game. */
export const coreRules: ZoneRules = zoneGame()
