// One running copy of a zone: its world and its characters. The files beside it act on both: entry.ts
// (coming in), tick.ts (one tick), delivery.ts (sends to players), player.ts (takes what they send),
// leaving.ts (going out).
//
// A character passes through: claimed -> in the world from the next tick on, WELCOME sent -> its socket
// may go and come back for `resumeMs` -> leaving: out of the world, in `leaves` until the store is clear.
import type { CheckpointEntry } from '#shared/ownership/checkpoint.ts'
import type { Content, Zone } from '#shared/content/content.ts'
import type { RealmMaintenance } from '#shared/live/bulletin.ts'
import type { PlayedMatch } from '#shared/rules/played-match.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { createCellRecords } from '../net/cell-records.ts'
import type { CellRecords } from '../net/cell-records.ts'
import { details } from '../net/detail.ts'
import type { Detail } from '../net/detail.ts'
import type { Persistence } from '../persistence/persistence.ts'
import { adoptRules } from '../sim/adopt-rules.ts'
import { coreRules } from '../sim/rules.ts'
import type { ZoneRules } from '../sim/rules.ts'
import { namedSchema } from '#shared/components/schema.ts'
import { createWorld } from '../sim/create-world.ts'
import type { World, WorldEvent, WorldInput } from '../sim/world.ts'
import type { Allowances } from './allowances.ts'
import { nextSave, savedOf } from './character.ts'
import type { Character } from './character.ts'
import { createFaults } from './faults.ts'
import type { Faults } from './faults.ts'
import { createLeaves } from './leaves.ts'
import type { Leaves } from './leaves.ts'
import { createRoster } from './roster.ts'
import type { Roster } from './roster.ts'
import type { Voices } from './voices.ts'

export type InstanceDeps = {
  id: string
  zone: Zone
  /** That is played in it; none by default. */
  match?: PlayedMatch | undefined
  /** Of a private instance. */
  difficulty?: string | undefined
  content: Content
  /** The core's and the game's; the core's alone by default. */
  rules?: ZoneRules
  persistence: Persistence
  runtime: Runtime
  /** ms */
  monotonic: () => number
  log: Log
  seed: number
  /** A number that no other character of the host has had. */
  nextStay: () => number
  /** Of all instances of the host. */
  allowances: Allowances
  /** Of all instances of the host. */
  voices: Voices
  /** Nobody has blocked anybody by default. */
  blocks?: ReadonlyMap<string, ReadonlySet<string>>
}

export type Instance = {
  readonly id: string
  readonly runtime: Runtime
  /** ms */
  readonly monotonic: () => number
  readonly log: Log
  readonly persistence: Persistence
  readonly nextStay: () => number
  readonly allowances: Allowances
  readonly voices: Voices
  /** Whom the players of the host have blocked, by account. */
  readonly blocks: ReadonlyMap<string, ReadonlySet<string>>
  rules: ZoneRules
  faults: Faults
  /** As its content has it now. */
  zone: Zone
  content: Content
  readonly world: World
  /** What clients must know to read its snapshots, as JSON, and its name. */
  readonly schema: { readonly name: string; readonly json: string }
  readonly records: CellRecords
  readonly roster: Roster
  readonly leaves: Leaves
  /** They resumed since the last tick; their WELCOME follows the next one. */
  readonly returning: Set<Character>
  /** The inputs of the next tick. */
  inputs: WorldInput[]
  /** Events that viewers do not know yet: of the latest tick, and of ticks before it without snapshots. */
  undelivered: WorldEvent[]
  /** When the latest tick was due, monotonic ms. PONG counts from it. */
  tickedAt: number
  /** Nothing moves. Commands that come in are dropped: they would pile up. */
  frozen: boolean
  /** Nothing can be saved now; players know. */
  savingPaused: boolean
  /** How often its viewers are sent snapshots. */
  detail: Detail
  /** Planned for the realm. */
  maintenance: RealmMaintenance | undefined
  /** True after a defect: it does not tick any more, and no character comes in. */
  broken: boolean
  /** The time of a private instance has passed: no character comes in. */
  over: boolean
}

export function createInstance(deps: InstanceDeps): Instance {
  const { id, zone, difficulty, content, rules = coreRules, runtime, monotonic, log } = deps
  const { nextStay, allowances, voices, match, blocks = new Map() } = deps
  const world = createWorld(zone, content.creatures, deps.seed, rules, {
    instance: id,
    difficulty,
    ofGame: content.ofGame,
    match,
  })
  return {
    id,
    runtime,
    monotonic,
    log,
    persistence: deps.persistence,
    rules,
    nextStay,
    allowances,
    voices,
    blocks,
    zone,
    content,
    world,
    schema: namedSchema(world.components.schema),
    records: createCellRecords(world),
    roster: createRoster(),
    faults: createFaults(log),
    leaves: createLeaves({ ...deps, instance: id }),
    returning: new Set(),
    inputs: [],
    undelivered: [],
    tickedAt: 0,
    frozen: false,
    savingPaused: false,
    detail: details[0],
    maintenance: undefined,
    broken: false,
    over: false,
  }
}

/**
 * Goes on with other rules from the next tick on. Their faults are new ones. False when they declare other
 * components or archetypes: those need another instance.
 */
export function takeRules(instance: Instance, rules: ZoneRules): boolean {
  if (!adoptRules(instance.world, rules)) return false
  instance.rules = rules
  instance.faults = createFaults(instance.log)
  return true
}

/** Whether characters may come in, or back. */
export function admits({ broken, over }: Instance): boolean {
  return !broken && !over
}

/** Characters in the instance, those without a socket too; not the synthetic ones, who take no place. */
export function countPlayers({ roster }: Instance): number {
  let players = roster.size
  for (const { claimed } of roster.all()) if (claimed.synthetic === true) players--
  return players
}

/** The entries of a checkpoint, with the next save numbers: of all characters, the leaving ones too. */
export function checkpointEntries({ leaves, roster, world, zone }: Instance): CheckpointEntry[] {
  const entries = leaves.entries()
  for (const character of roster.all()) {
    entries.push(nextSave(character, savedOf(character, world, zone.id)))
  }
  return entries
}
