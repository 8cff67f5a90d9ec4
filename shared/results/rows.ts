// Rows of results and ratings, in `core`.
//   R#<realm>#RESULT#<match>         RESULT                 who plays a match, and how it has ended
//   R#<realm>#RATINGS-OF#<account>   <rating>#<character>   a rating of a character
//
// The row of a result is there from the opening of its match on, and expires `resultKeptMs` later, whether it has
// ended or not. Without the row no result is taken. So it counts once at most, also when somebody comes back with it
// after a year.
import * as z from 'zod'
import type { Content } from '../content/content.ts'
import { resultKeptMs } from '../limits.ts'
import { asRead, readRow } from '../store/row.ts'
import { expiresAt, live } from '../store/store.ts'
import type { Key, Store, Write } from '../store/store.ts'
import { firstRating, ratingIn } from './rating.ts'
import type { Rating } from './rating.ts'

const player = z.object({
  accountId: z.string(),
  characterId: z.string(),
  /** Points before and after, of a match that has ended and is rated. */
  before: z.int().optional(),
  after: z.int().optional(),
})

const resultRow = z.object({
  queue: z.string(),
  /** The rating that it changes. */
  rating: z.string().optional(),
  teams: z.array(
    z.object({ name: z.string(), players: z.array(player), place: z.int().optional() }),
  ),
  /** Unix ms. */
  openedAt: z.int(),
  /** Absent: it has not ended. */
  endedAt: z.int().optional(),
  number: z.int(),
})

export type ResultRow = z.infer<typeof resultRow>

const ratingRow = z.object({
  rating: z.string(),
  characterId: z.string(),
  muMillionths: z.int(),
  sigmaMillionths: z.int(),
  /** Rated matches. */
  matches: z.int(),
  /** The latest of them. */
  last: z.object({ match: z.string(), place: z.int(), before: z.int(), at: z.int() }),
  number: z.int(),
})

export type RatingRow = z.infer<typeof ratingRow>

/** A rating of a character. */
export type RatingRef = { accountId: string; characterId: string; rating: string }

const resultKey = (realmId: string, matchId: string): Key => ({
  pk: `R#${realmId}#RESULT#${matchId}`,
  sk: 'RESULT',
})
export const ratingsPartition = (realmId: string, accountId: string) =>
  `R#${realmId}#RATINGS-OF#${accountId}`
const ratingKey = (realmId: string, { accountId, characterId, rating }: RatingRef): Key => ({
  pk: ratingsPartition(realmId, accountId),
  sk: `${rating}#${characterId}`,
})

/** The match is played from now on. Part of the transaction that opens its instance. */
export function openResult(
  realmId: string,
  matchId: string,
  row: Omit<ResultRow, 'endedAt' | 'number'>,
): Write {
  return putResult(realmId, matchId, undefined, { ...row, number: 0 })
}

/** As it becomes, if nobody has changed it since it was read. */
export function putResult(
  realmId: string,
  matchId: string,
  before: ResultRow | undefined,
  after: ResultRow,
): Write {
  const item = {
    ...resultKey(realmId, matchId),
    v: 1,
    ...after,
    teams: after.teams.map((team) => ({
      ...team,
      players: team.players.map((one) => ({ ...one })),
    })),
    number: (before?.number ?? 0) + 1,
    expires: expiresAt(after.openedAt + resultKeptMs),
  }
  return { put: { table: 'core', item, ...asRead(before) } }
}

/** Undefined: it was never opened, or long ago. One trip, strong. */
export async function readResult(
  store: Store,
  now: number,
  realmId: string,
  matchId: string,
): Promise<ResultRow | undefined> {
  const key = resultKey(realmId, matchId)
  const row = await store.get({ table: 'core', key, consistent: true })
  return readRow(resultRow, live(row, now))
}

/** One trip, strong. */
export async function readRating(
  store: Store,
  realmId: string,
  of: RatingRef,
): Promise<RatingRow | undefined> {
  const key = ratingKey(realmId, of)
  return readRow(ratingRow, await store.get({ table: 'core', key, consistent: true }))
}

/** Of who has no row yet, too. */
export function ratingOf(row: RatingRow | undefined): Rating {
  return row === undefined ? firstRating : ratingIn(row)
}

/** Of an account, by the names of the ratings. One trip. */
export async function readRatings(
  store: Store,
  realmId: string,
  accountId: string,
): Promise<RatingRow[]> {
  const { items } = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk',
    values: { ':pk': ratingsPartition(realmId, accountId) },
    consistent: true,
  })
  return items.map((item) => readRow(ratingRow, item))
}

/** As it becomes, if nobody has changed it since it was read. */
export function putRating(
  realmId: string,
  accountId: string,
  before: RatingRow | undefined,
  after: Omit<RatingRow, 'number'>,
): Write {
  const { characterId, rating } = after
  const item = {
    ...ratingKey(realmId, { accountId, characterId, rating }),
    v: 1,
    ...after,
    last: { ...after.last },
    number: (before?.number ?? 0) + 1,
  }
  return { put: { table: 'core', item, ...asRead(before) } }
}

/** The queue of a match names the rating that it changes; undefined for one that is not rated. */
export function ratingOfQueue(
  { queues }: Pick<Content, 'queues'>,
  queueId: string,
): string | undefined {
  return queues.get(queueId)?.rating?.name
}
