// A matchmaking ticket, as it comes to the matcher: one player or a party that stays together, or the players of a
// running match that wants more (a backfill ticket). The shape of players is FlexMatch's.
import * as z from 'zod'
import {
  backfillPlayersMax,
  matchAttributesMax,
  matchMapMax,
  matchRegionsMax,
  matchStringMaxLength,
  matchStringsMax,
} from '../limits.ts'

const string = z.string().min(1).max(matchStringMaxLength)
const id = z.string().min(1).max(128)

/** A record with few keys. They are counted before any of them is looked at. */
function few<T extends z.ZodType>(values: T, most: number) {
  return z
    .unknown()
    .refine((value) => typeof value !== 'object' || Object.keys(value ?? {}).length <= most, {
      error: `has more than ${most} entries`,
      abort: true,
    })
    .pipe(z.record(string, values))
}

const attributeValue = z.union([
  z.strictObject({ S: string }),
  z.strictObject({ N: z.number() }),
  z.strictObject({ SL: z.array(string).max(matchStringsMax) }),
  z.strictObject({ SDM: few(z.number(), matchMapMax) }),
])

const matchPlayer = z.strictObject({
  playerId: id,
  attributes: few(attributeValue, matchAttributesMax).default({}),
  /** Milliseconds by region. */
  latencies: few(z.int().min(1).max(60_000), matchRegionsMax).optional(),
  /** Where the player plays: for backfill tickets alone. */
  team: id.optional(),
})

export const matchTicketSchema = z.strictObject({
  ticketId: id,
  /** Since when it waits, Unix ms. A ticket that comes back keeps its time. */
  createdAt: z.int().min(0),
  players: z.array(matchPlayer).min(1).max(backfillPlayersMax),
  /** Players of a running match that wants more; each has a team. */
  backfill: z.boolean().default(false),
})

export type MatchTicket = z.infer<typeof matchTicketSchema>
export type MatchPlayer = MatchTicket['players'][number]
export type AttributeValue = z.infer<typeof attributeValue>
