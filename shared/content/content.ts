// Schemas of content files. Lengths are metres, speeds metres a second, angles degrees: a designer thinks
// in these units. Zones convert them to protocol units when they load (shared/rules/units.ts).
import * as z from 'zod'
import { boardSeasonsKeptMax, boardSizeMax } from '../limits.ts'
import type { Entry } from './kind.ts'
import { weekdays } from './weekdays.ts'

const id = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/)
const title = z.string().min(1).max(40)
const color = z.string().regex(/^#[0-9a-f]{6}$/)
const metres = z.number().min(0).max(3200)
const point = z.strictObject({ x: metres, y: metres })
const box = z.strictObject({ x: metres, y: metres, width: metres, height: metres })

export const raceSchema = z.strictObject({
  id,
  name: title,
  description: z.string().max(400),
  color,
  jobs: z.array(id).min(1),
})

export const jobSchema = z.strictObject({ id, name: title, description: z.string().max(400) })

export const creatureSchema = z.strictObject({
  id,
  name: title,
  color,
  radius: z.number().min(0.1).max(5),
  /** Metres a second; rounded to the protocol's step of 0.05 m/s. At most 12 m/s. */
  speed: z.number().min(0).max(12),
  wander: z.strictObject({
    /** How far from its spawn it strays. */
    radius: z.number().min(0).max(200),
    pauseSeconds: z.strictObject({ min: z.number().min(0), max: z.number().max(600) }),
  }),
})

export const zoneSchema = z.strictObject({
  id,
  name: title,
  kind: z.enum(['hub', 'field', 'dungeon', 'arena']),
  width: metres.min(25),
  height: metres.min(25),
  // A cell block counts its bytes in 16 bits: 1,000 full records still fit.
  capacity: z.int().min(1).max(1000),
  /** Each of its instances is opened for a party, and only its members come in. Without it the zone is shared. */
  private: z
    .strictObject({
      /** How many of its instances a host runs at once. */
      perHost: z.int().min(1).max(100).default(8),
      /** An instance ends after so long, and a minute after the last member has left. */
      minutes: z
        .int()
        .min(1)
        .max(24 * 60),
      /** How hard it may be, the default first. Each instance has one. Without them there is nothing to choose. */
      difficulties: z
        .array(z.strictObject({ id, name: title }))
        .min(1)
        .max(8)
        .optional(),
    })
    .optional(),
  /**
   * How many hosts of the zone a cluster has: at least, at most, and how many of them wait for players. Those in play
   * and those that wait are within the bounds (functions/scaling).
   */
  hosts: z
    .strictObject({
      min: z.int().min(1).max(1000),
      max: z.int().min(1).max(1000),
      ready: z.int().min(1).max(100),
    })
    .optional(),
  /** Simulation steps a second. */
  tickHz: z.union([z.literal(20), z.literal(30)]).default(20),
  /** How far a player sees. */
  viewRadius: z.number().min(10).max(100),
  ground: color,
  spawn: point,
  /** Roads, squares: boxes to look at, without effect on walking. */
  floors: z.array(box.extend({ color })).max(500).optional(),
  /** Solid boxes. `appearance`: how a client may draw the box (house, tree). Each client has drawings of its own. */
  walls: z.array(box.extend({ color: color.optional(), appearance: id.optional() })).max(2000),
  /**
   * Standing in `area` leads to `arrive` in another zone. A gate to a private zone leads to the spawn of an instance, and
   * one to `outside` from there to where each one came from: both have no `arrive`.
   */
  gates: z
    .array(
      z.strictObject({
        id,
        name: title,
        area: box,
        to: id,
        arrive: point.optional(),
        /** Of the private zone that it leads to. */
        difficulty: id.optional(),
      }),
    )
    .max(50),
  creatures: z
    .array(
      z.strictObject({
        creature: id,
        count: z.int().min(1).max(500),
        area: box,
        /** Only in instances of these; in all without them. */
        difficulties: z.array(id).min(1).optional(),
      }),
    )
    .max(100),
})

/** A word as players write it; `*` at an end: also inside longer words. Case, marks and look-alikes do not matter. */
const word = z
  .string()
  .max(60)
  .regex(/^\*?[\p{L}\p{M}\p{N}]+(?:[ '-][\p{L}\p{M}\p{N}]+)*\*?$/u)

/** What players may not write, and what they may although it looks so. With such a file the core's list ends. */
export const wordsSchema = z.strictObject({
  id,
  words: z.array(word).max(5000),
  allowed: z.array(z.string().min(2).max(60)).max(5000).optional(),
  /** The English words of the core hold too. */
  english: z.boolean(),
})

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)

/** When it begins, in UTC. */
const when = z.discriminatedUnion('every', [
  z.strictObject({
    every: z.literal('week'),
    on: z.array(z.enum(weekdays)).min(1).max(7),
    at: z.array(timeOfDay).min(1).max(24),
  }),
  z.strictObject({ every: z.literal('day'), at: z.array(timeOfDay).min(1).max(24) }),
  /** Each so many hours from midnight of 1 January 1970 on, at that minute of the hour. */
  z.strictObject({
    every: z.literal('hours'),
    hours: z.int().min(1).max(168),
    minute: z.int().min(0).max(59).default(0),
  }),
  z.strictObject({ every: z.literal('once'), at: z.iso.datetime() }),
])

/** Something that happens at a time. That it ends before it begins again is checked in references.ts. */
export const eventSchema = z.strictObject({
  id,
  name: title,
  text: z.string().min(1).max(200),
  /** Where; in all zones without it. */
  zone: id.optional(),
  when,
  minutes: z
    .int()
    .min(1)
    .max(7 * 24 * 60),
  /** Everybody in the world is told so long before; 0 for not. */
  announceMinutes: z.int().min(0).max(120).default(0),
  /** How many players more than usual come for it. Hosts wait for them when it begins (functions/scaling). */
  players: z.int().min(1).max(100_000).optional(),
})

export const leaderboardSchema = z.strictObject({
  id,
  title,
  /** Who stands on it. */
  per: z.enum(['character', 'guild']),
  /** Which score is first. */
  order: z.enum(['highest', 'lowest']),
  /** Of several results: the best, the last, or their sum. These three change with the next season. */
  keep: z.enum(['best', 'last', 'sum']),
  /** How long a season is, in UTC, weeks from Monday on. `byHand`: until an operator ends it. */
  season: z.enum(['none', 'day', 'week', 'month', 'byHand']),
  /** Past seasons that are kept. */
  kept: z.int().min(0).max(boardSeasonsKeptMax).default(4),
  /** So many of the first are shown. Everybody is told his own rank. */
  size: z.int().min(10).max(boardSizeMax).default(100),
})

const attribute = z.string().min(1).max(32)

/** Where players wait for others to play with. */
export const queueSchema = z.strictObject({
  id,
  title,
  /** The private zone in which its matches are played. */
  zone: id,
  /** One of the zone's; its first by default. */
  difficulty: id.optional(),
  /** In FlexMatch's own JSON (shared/matching/rule-set.ts). */
  ruleSet: z.record(z.string(), z.unknown()),
  /** What each player chooses for himself, by attribute of the rule set. All its others need a default. */
  choices: z.record(attribute, z.array(attribute).min(1).max(16)).default({}),
  /** So long all have to accept a match. Without it nobody is asked. */
  acceptSeconds: z.int().min(5).max(120).optional(),
  /** A ticket that has waited so long is given up. */
  timeoutSeconds: z.int().min(10).max(3600),
  /**
   * Its results change this rating, which several queues may share. Its points are the number `attribute` of the
   * rule set, whatever a client says.
   */
  rating: z.strictObject({ name: id, attribute: attribute.optional() }).optional(),
})

export type Race = z.infer<typeof raceSchema>
export type Job = z.infer<typeof jobSchema>
export type Creature = z.infer<typeof creatureSchema>
export type Zone = z.infer<typeof zoneSchema>
export type WorldEvent = z.infer<typeof eventSchema>
export type Words = z.infer<typeof wordsSchema>
export type Leaderboard = z.infer<typeof leaderboardSchema>
export type Queue = z.infer<typeof queueSchema>

/** All content of a game, by id. */
export type Content = {
  races: Map<string, Race>
  jobs: Map<string, Job>
  creatures: Map<string, Creature>
  zones: Map<string, Zone>
  events: Map<string, WorldEvent>
  /** Lists of words; the core's own stands when there is none (shared/moderation/words.ts). */
  words: Map<string, Words>
  leaderboards: Map<string, Leaderboard>
  queues: Map<string, Queue>
  /** The entries of the game's own kinds: by kind, then by id. */
  ofGame: Map<string, ReadonlyMap<string, Entry>>
  /** Zone and place where a new character begins. */
  startZone: string
  /** Hash over all files: clients and hosts compare it. */
  version: string
}
