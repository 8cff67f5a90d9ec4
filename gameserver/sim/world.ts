// The state of one zone. Plain data that only systems (systems/*.ts) change, one step at a time
// (step.ts). Entities are made, removed and moved by entities.ts alone.
import type { EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import type { Component, SavedParts } from '#shared/components/component.ts'
import type { Creature, Zone } from '#shared/content/content.ts'
import type { OfGame } from '#shared/content/kind.ts'
import type { ZoneWalls } from '#shared/rules/walls.ts'
import type { AbilityRefusal } from '#shared/protocol/control.ts'
import type { AbilityRule, Use } from '#shared/rules/own-state.ts'
import type { CommandFrame } from '#shared/protocol/client-frames.ts'
import type { Commands } from './commands.ts'
import type { Column, Components } from './components.ts'
import type { Grid } from './grid.ts'
import type { Own } from './own.ts'
import type { Random } from './random.ts'
import type { HandledMessage } from './message.ts'
import type {
  Archetype,
  EventOccurrence,
  HandledEvent,
  Handlers,
  PlayerHandle,
  Timer,
  Zone as ZoneFacade,
} from './zone.ts'

/** How a creature strays about its spawn. Lengths in units, times in ticks. */
export type Wander = {
  spawnX: number
  spawnY: number
  radius: number
  speed: number
  pauseMin: number
  pauseMax: number
  /** Until this tick it goes on with what it does: a pause or a way. */
  until: number
}

export type Entity = {
  id: number
  readonly archetype: Archetype
  x: number
  y: number
  heading: number
  speed: number
  /** Half side of the body. */
  radius: number
  /** The zone's content asks for it. A change of content touches no other creature. */
  readonly ofContent: boolean
  cell: number
  cellIndex: number
  /** Place in its list of the world. */
  index: number
  /** Players alone. */
  commands: Commands | undefined
  own: Own | undefined
  /** A command was missing, or dropped, in the latest step: the client may have predicted otherwise. */
  unsure: boolean
  /** A synthetic player: in no cell's list and no record. So no player sees it or gets its lines. */
  readonly unseen: boolean
  /** The gate it stands in, so that only walking into one counts; -1 for none. */
  gate: number
  /** The party of a player, and the tick in which he came to it or left one. */
  party: Party | undefined
  partyAt: number
  /** How a creature strays. Undefined for what does not stray. */
  wander: Wander | undefined
  /** Of players: who plays it. */
  readonly who: Who | undefined
  /** Place in the list of its archetype. */
  peerIndex: number
  /** Made when the game first sees it (handle.ts). */
  handle: PlayerHandle | undefined
  /** The course that a walker is to take in the next step, for that step; the speed is -1 for none (systems/walk.ts). */
  orderHeading: number
  orderSpeed: number
  /** The tick in which it last walked by an order. */
  walkedAt: number
  /** Of projectiles: who launched it, and how far it still flies, in units. */
  flight: { readonly by: number; left: number } | undefined
  /** Of sensors: the ids of the players within. */
  within: Set<number> | undefined
  /** When each turn of it comes next, in ticks (`zone.every`). */
  turns: Map<string, number> | undefined
}

/** Players who are told of one another's components with the audience `party` (party.ts). */
export type Party = {
  readonly members: Entity[]
  /** The tick in which somebody came or went last. */
  changedAt: number
}

/** Who plays a character. */
export type Who = { readonly characterId: string; readonly accountId: string }

/** A gate in units. */
export type GateArea = {
  x0: number
  y0: number
  x1: number
  y1: number
  to: string
  /** Undefined: `to` is a private zone, or `outside`. */
  arrive: { x: number; y: number } | undefined
  /** Of the private zone. */
  difficulty: string | undefined
}

/** `data`: JSON text; empty for none. */
export type WaitingTimer = { readonly due: number; readonly name: string; readonly data: string }

/** What a game has registered, as a step needs it. */
export type Registered = {
  readonly messages: ReadonlyMap<string, HandledMessage>
  readonly timers: ReadonlyMap<string, Timer>
  readonly worldEvents: ReadonlyMap<string, HandledEvent>
  /** What the game does with archetypes of the core. */
  readonly handlers: ReadonlyMap<Archetype, Handlers>
  /** Archetypes by what there is to do for them in a step. */
  readonly each: readonly Archetype[]
  readonly projectiles: readonly Archetype[]
  readonly sensors: readonly Archetype[]
}

/** An ability in this world: in steps, with the place of what it costs. */
export type WorldAbility = AbilityRule & {
  readonly cost:
    | {
        readonly from: Component
        readonly field: string
        readonly amount: number
        readonly column: Column
      }
    | undefined
  /** `aim`: what its kind of aim is given (ability.ts). */
  readonly cast: (zone: ZoneFacade, by: PlayerHandle, aim: object) => void
}

/** An ability that does now what it does. */
export type Cast = { player: Entity; use: Use }

export type World = {
  /** Of the zone in the content, and of this running copy. */
  readonly id: string
  readonly instance: string
  /** Of a private instance, where its zone has several. */
  readonly difficulty: string | undefined
  readonly seed: number
  /** The match of a queue that is played here, and the places of its teams once the game has said them. */
  readonly match: PlayedMatch | undefined
  places: readonly number[] | undefined
  /** It was opened for its members. */
  readonly isPrivate: boolean
  /** A private one ends in this tick; infinite: it does not, for the game. */
  closesAt: number
  tick: number
  readonly tickHz: number
  readonly width: number
  readonly height: number
  walls: ZoneWalls
  spawnX: number
  spawnY: number
  gates: readonly GateArea[]
  readonly random: Random
  readonly players: Entity[]
  /** All others: walkers, projectiles and sensors. */
  readonly creatures: Entity[]
  /** Players and creatures by their archetypes. */
  peers: ReadonlyMap<Archetype, Entity[]>
  /** Synthetic players: no player sees them, and no system of a game meets them. */
  readonly unseen: Entity[]
  readonly grid: Grid<Entity>
  /** What entities have besides their bodies. */
  readonly components: Components
  /** Their places are their numbers on the wire. */
  readonly abilities: readonly WorldAbility[]
  /** What players used or finished to cast in the step under way. */
  readonly casts: Cast[]
  /** By name: for a creature of the content, that of its id. */
  readonly archetypes: ReadonlyMap<string, Archetype>
  /** By number. */
  readonly parties: Map<number, Party>
  /** Indexed by slot. */
  readonly slots: (Entity | undefined)[]
  readonly generations: Uint8Array
  /** Free slots in order of release, with the tick of it: the longest free is taken first. */
  readonly freeSlots: { slot: number; since: number }[]
  /** The creatures of the content, by id. */
  creatureKinds: ReadonlyMap<string, Creature>
  /** The entries of the game's kinds of content. */
  ofGame: OfGame
  /** The events of the step under way. */
  events: WorldEvent[]
  /** Where the queue of creatures that wait for a decision goes on (systems/wander.ts). */
  wanderFrom: number
  /** Walkers with an order for the next step, and those that walked by one in the latest. */
  orders: Entity[]
  walking: Entity[]
  /** They wait for their handler `spawned`. */
  arrived: Entity[]
  /** By due tick, then in the order in which they were set. */
  readonly timers: WaitingTimer[]
  /** Events of the content that are on, by their ids. */
  readonly happening: Map<string, Omit<EventOccurrence, 'since'>>
  /** The largest radius that an entity has had. */
  largestRadius: number
  /** What the game keeps from step to step. The core never reads it. */
  readonly state: Record<string, unknown>
  /** The rules of the step under way; undefined between steps. */
  rules: Registered | undefined
  /** Faults of the step under way that were reported, and those beyond what is reported. */
  faults: number
  /** What the game sees of it. */
  readonly zone: ZoneFacade
}

/** The inputs of a step, in order. A seed and all inputs repeat a run exactly. */
export type WorldInput =
  | {
      input: 'enter'
      /** The caller chooses it, and the event carries it. */
      ref: number
      appearance: string
      name: string
      x: number
      y: number
      heading: number
      radius: number
      who: Who
      unseen?: boolean
      /** Of its components, as they were saved. */
      parts?: SavedParts
    }
  | { input: 'leave'; id: number }
  /** A new socket took over: waiting commands are dropped, and the body stands. */
  | { input: 'halt'; id: number }
  | {
      input: 'commands'
      id: number
      first: number
      /** The tick of the newest snapshot that the client had. */
      known?: number
      commands: readonly CommandFrame[]
    }
  /** A control message of a player, checked against the schema of its kind (rules.ts). `n`: it is a request. */
  | { input: 'message'; id: number; kind: string; body: unknown; n?: number }
  /** How an effect ended that a player's system asked for (effects.ts). */
  | { input: 'effect'; id: number; effect: WaitingEffect; outcome: EffectOutcome }
  /** The events of the content that are on, all of them, at a wall clock (world-events.ts). */
  | {
      input: 'worldEvents'
      at: number
      on: readonly { event: string; startsAt: number; endsAt: number }[]
    }
  /** Other content of the same zone (content.ts). */
  | { input: 'content'; zone: Zone; creatures: ReadonlyMap<string, Creature>; ofGame: OfGame }

/** The events of a step. */
export type WorldEvent =
  | { event: 'entered'; ref: number; entity: Entity }
  | { event: 'left'; entity: Entity }
  | { event: 'gate'; entity: Entity; gate: GateArea }
  /**
   * A control message to the player himself, or to all players who see the entity, himself included. `re`: it
   * answers his request of that number.
   */
  | {
      event: 'message'
      from: Entity
      to: 'self' | 'near'
      kind: string
      body: unknown
      re?: number
    }
  /** The request `re` of a player was not carried out. */
  | { event: 'refused'; to: Entity; of: string; code: 'failed'; re: number }
  /** How the ability ended that a command of a player used: it was carried out, or why not. */
  | { event: 'used'; entity: Entity; command: number; refused: AbilityRefusal | undefined }
  /** A game asks for something durable; how it ended is a later input. */
  | { event: 'effectAsked'; entity: Entity; effect: WaitingEffect; per?: 'stay' }
  | { event: 'effect'; entity: Entity; effect: WaitingEffect; outcome: EffectOutcome }
  /**
   * Something failed; the step went on without it. `of`: the entity it was about. `ref`: of the player who
   * could not enter.
   */
  | { event: 'failed'; what: string; error: unknown; of?: string; ref?: number }

/** One step: its number, its inputs, its events. */
export type Tick = {
  number: number
  inputs: readonly WorldInput[]
  events: WorldEvent[]
  /** Called when a part of the step has run, so that the caller can see what took long. */
  ran: (part: string) => void
}
