// A match of a queue as the zone that plays it knows it, and how its game says the result.
import * as z from 'zod'
import { matchMembersMax } from '../limits.ts'

/** Who plays: character ids by team, in the order of the rule set. `queue`: its id in the content. */
export const playedMatch = z.object({
  queue: z.string(),
  teams: z.array(z.object({ name: z.string(), members: z.array(z.string()) })).min(1),
})
export type PlayedMatch = z.infer<typeof playedMatch>

/** The kind of the effect; its id is that of the match. */
export const resultKind = 'result'

/** The place of each team, in their order: 1 is first. Equal places are a draw. */
export const matchResult = z.strictObject({
  places: z.array(z.int().min(1).max(matchMembersMax)).min(1).max(matchMembersMax),
})

/** What the effect answers a member: his place, of how many teams, and what it has made of his rating. */
export const resultAnswer = z.object({
  place: z.int(),
  teams: z.int(),
  rating: z.string().optional(),
  before: z.int().optional(),
  after: z.int().optional(),
})
export type ResultAnswer = z.infer<typeof resultAnswer>
