// The state of one zone. Plain data that only systems (systems/*.ts) change, one step at a time
// (step.ts). Entities are made, removed and moved by entities.ts alone.
import type { SavedParts } from '#shared/components/component.ts'
import type { EffectOutcome, WaitingEffect } from '#shared/rules/effects.ts'
import type { Creature, Zone } from '#shared/content/content.ts'
import type { Walls } from '#shared/rules/walls.ts'
import type { Archetype } from './archetype.ts'
import type { Commands } from './commands.ts'
import type { Components } from './components.ts'
import type { Grid } from './grid.ts'
import type { Random } from './random.ts'

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
  /** A command was missing, or dropped, in the latest step: the client may have predicted otherwise. */
  unsure: boolean
  /** A synthetic player: in no cell's list and no record. So no player sees it or gets its lines. */
  readonly unseen: boolean
  /** The gate it stands in, so that only walking into one counts; -1 for none. */
  gate: number
  /** The party of a player, and the tick in which he came to it or left one. */
  party: Party | undefined
  partyAt: number
  /** How a creature strays. Undefined for a creature that stands, and for players. */
  wander: Wander | undefined
}

/** Players who are told of one another's components with the audience `party` (party.ts). */
export type Party = {
  readonly members: Entity[]
  /** The tick in which somebody came or went last. */
  changedAt: number
}

/** An entity as a game sees it. It changes by the functions of entities.ts alone. */
export type GameEntity = Readonly<
  Pick<Entity, 'id' | 'archetype' | 'x' | 'y' | 'heading' | 'speed' | 'radius'>
>

/** A gate in units. */
export type GateArea = {
  x0: number
  y0: number
  x1: number
  y1: number
  to: string
  arriveX: number
  arriveY: number
}

export type World = {
  tick: number
  readonly tickHz: number
  readonly width: number
  readonly height: number
  walls: Walls
  spawnX: number
  spawnY: number
  gates: readonly GateArea[]
  readonly random: Random
  readonly players: Entity[]
  readonly creatures: Entity[]
  /** Synthetic players: no player sees them, and no system of a game meets them. */
  readonly unseen: Entity[]
  readonly grid: Grid<Entity>
  /** What entities have besides their bodies. */
  readonly components: Components
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
  /** The events of the step under way. */
  events: WorldEvent[]
  /** Where the queue of creatures that wait for a decision goes on (systems/wander.ts). */
  wanderFrom: number
  /** The state of the game's own systems and messages. Plain data; the core never reads it. */
  readonly game: Record<string, unknown>
}

/** A world as a game sees it: it reads here, and changes it by the functions of entities.ts. */
export type GameWorld = Readonly<
  Pick<
    World,
    'tick' | 'tickHz' | 'width' | 'height' | 'walls' | 'spawnX' | 'spawnY' | 'game' | 'components'
  >
> & {
  /** A stream that the game may draw from (random.ts). */
  readonly random: Random
  /** All players but the unseen ones. */
  readonly players: readonly GameEntity[]
  readonly creatures: readonly GameEntity[]
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
      commands: readonly { heading: number; buttons: number }[]
    }
  /** A control message of a player, checked against the schema of its kind (rules.ts). */
  | { input: 'message'; id: number; kind: string; body: unknown }
  /** How an effect ended that a player's system asked for (effects.ts). */
  | { input: 'effect'; id: number; effect: WaitingEffect; outcome: EffectOutcome }
  /** Other content of the same zone (content.ts). */
  | { input: 'content'; zone: Zone; creatures: ReadonlyMap<string, Creature> }

/** The events of a step. */
export type WorldEvent =
  | { event: 'entered'; ref: number; entity: Entity }
  | { event: 'left'; entity: Entity }
  | { event: 'gate'; entity: Entity; gate: GateArea }
  /** A control message to the player himself, or to all players who see the entity, himself included. */
  | { event: 'message'; from: Entity; to: 'self' | 'near'; kind: string; body: unknown }
  /** A game asks for something durable; how it ended is a later input. */
  | { event: 'effectAsked'; entity: Entity; effect: WaitingEffect; per?: 'stay' }
  | { event: 'effect'; entity: Entity; effect: WaitingEffect; outcome: EffectOutcome }
  /** Something failed; the step went on without it. `ref`: of the player who could not enter. */
  | { event: 'failed'; what: string; error: unknown; ref?: number }

/** The events of a step that systems of a game get. */
export type GameEvent =
  | { readonly event: 'entered'; readonly entity: GameEntity }
  | { readonly event: 'left'; readonly entity: GameEntity }
  | { readonly event: 'gate'; readonly entity: GameEntity; readonly gate: GateArea }
  /** How an effect ended. It may come again after a change of hosts, and after a step that failed. */
  | {
      readonly event: 'effect'
      readonly entity: GameEntity
      readonly effect: WaitingEffect
      readonly outcome: EffectOutcome
    }

/** One step: its number, its inputs, its events. */
export type Tick = { number: number; inputs: readonly WorldInput[]; events: WorldEvent[] }
