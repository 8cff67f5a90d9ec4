// Rows of leaderboards, in `core`. A season has a number that rises by one for each season of its board.
//   R#<realm>#BOARD#<board>#GATE#<shard>            GATE              which season takes results now
//   R#<realm>#BOARD#<board>                         SEASON#<season>   a season that is over
//   R#<realm>#BOARD#<board>#<season>#<shard>        <place>           an entry, in the order of the board (place.ts)
//   R#<realm>#BOARDS-OF#<owner>                     <board>#<season>#<subject>   the score of a character or a guild
//
// `owner` is the account of a character, or the guild: one query finds all scores of a player. Score and entry are
// written in one transaction, so a season has each subject once, and in order. Each result is conditioned on the gate
// of its shard. A season ends in one transaction over all gates, and after it no result reaches it: it is frozen.
import * as z from 'zod'
import type { Leaderboard } from '../content/content.ts'
import { boardShards } from '../limits.ts'
import { readRow } from '../store/row.ts'
import type { Item, Key, Store, Write } from '../store/store.ts'

/** The rules of a season, as they were when it began. */
const form = {
  per: z.enum(['character', 'guild']),
  order: z.enum(['highest', 'lowest']),
  keep: z.enum(['best', 'last', 'sum']),
}
export type Form = Pick<Leaderboard, keyof typeof form>

const gateRow = z.object({
  season: z.int(),
  startsAt: z.int(),
  endsAt: z.int().optional(),
  /** When the rows of the season expire, Unix seconds. The gate itself stays. */
  rowsExpire: z.int().optional(),
  ...form,
})
/** A season that takes results. */
export type Season = Form & {
  season: number
  startsAt: number
  endsAt?: number | undefined
  rowsExpire?: number | undefined
}

const pastRow = z.object({
  season: z.int(),
  startsAt: z.int(),
  endedAt: z.int(),
  /** An operator wanted no trace of it. */
  dropped: z.boolean(),
  ...form,
})
export type PastSeason = z.infer<typeof pastRow>

export const entryRow = z.object({
  sk: z.string(),
  subjectId: z.string(),
  /** The account of a character; the guild itself. */
  owner: z.string(),
  name: z.string(),
})
export type EntryRow = z.infer<typeof entryRow>

const scoreRow = z.object({
  sk: z.string(),
  board: z.string(),
  season: z.int(),
  subjectId: z.string(),
  name: z.string(),
  score: z.int(),
  /** When it got the score that it has. Only another score changes it. */
  reachedAt: z.int(),
  /** Where its entry is. */
  place: z.string(),
  /** Rises with each change of the row. */
  changes: z.int(),
  /** False while its character is deleted. */
  listed: z.boolean(),
  expires: z.int().optional(),
})
export type ScoreRow = z.infer<typeof scoreRow>

/** A board of a realm. */
export type BoardIn = { realmId: string; board: string }
/** A season of it, over or not. */
export type SeasonIn = BoardIn & { season: number }
/** Who stands on a board. */
export type Subject = { subjectId: string; owner: string }

const numbered = (season: number) => String(season).padStart(8, '0')

function boardPartition({ realmId, board }: BoardIn): string {
  return `R#${realmId}#BOARD#${board}`
}
const entriesPartition = (of: SeasonIn, shard: number) =>
  `${boardPartition(of)}#${numbered(of.season)}#${shard}`
const ownerPartition = (realmId: string, owner: string) => `R#${realmId}#BOARDS-OF#${owner}`
const scorePrefix = ({ board, season }: SeasonIn) => `${board}#${numbered(season)}#`

function scoreKey(of: SeasonIn, { subjectId, owner }: Subject): Key {
  return { pk: ownerPartition(of.realmId, owner), sk: scorePrefix(of) + subjectId }
}
const gateKey = (of: BoardIn, shard: number): Key => ({
  pk: `${boardPartition(of)}#GATE#${shard}`,
  sk: 'GATE',
})
const pastKey = (of: SeasonIn): Key => ({
  pk: boardPartition(of),
  sk: `SEASON#${numbered(of.season)}`,
})

/** By the end of the id, which is random. */
export function shardOf(subjectId: string): number {
  return Number.parseInt(subjectId.slice(-2), 16) % boardShards
}

export async function readGate(
  store: Store,
  of: BoardIn,
  shard: number,
): Promise<Season | undefined> {
  return readRow(
    gateRow,
    await store.get({ table: 'core', key: gateKey(of, shard), consistent: true }),
  )
}

/** The same season still takes results. */
export function gateCheck(of: SeasonIn, shard: number): Write {
  return {
    check: {
      table: 'core',
      key: gateKey(of, shard),
      condition: 'season = :season',
      values: { ':season': of.season },
    },
  }
}

/** All gates from one season to the next; `from` is undefined before the first. */
export function turnGates(of: BoardIn, from: Season | undefined, to: Season): Write[] {
  return Array.from({ length: boardShards }, (_, shard) => ({
    put: {
      table: 'core',
      item: { ...gateKey(of, shard), v: 1, ...defined(to) },
      ...(from === undefined
        ? { condition: 'attribute_not_exists(pk)' }
        : { condition: 'season = :from', values: { ':from': from.season } }),
    },
  }))
}

export function putPast(
  of: BoardIn,
  { expires, ...past }: PastSeason & { expires?: number | undefined },
): Write {
  const item = { ...pastKey({ ...of, season: past.season }), v: 1, ...past }
  return { put: { table: 'core', item: expires === undefined ? item : { ...item, expires } } }
}

export function deletePast(of: SeasonIn): Write {
  return { delete: { table: 'core', key: pastKey(of) } }
}

/** Those that are over, the latest first. One trip. */
export async function readPast(
  store: Store,
  of: BoardIn,
  options: { limit?: number; consistent?: boolean } = {},
): Promise<PastSeason[]> {
  const { items } = await store.query({
    table: 'core',
    keyCondition: 'pk = :pk AND begins_with(sk, :season)',
    values: { ':pk': boardPartition(of), ':season': 'SEASON#' },
    descending: true,
    ...options,
  })
  return items.map((item) => readRow(pastRow, item))
}

/** One trip. */
export async function readScore(
  store: Store,
  of: SeasonIn,
  subject: Subject,
): Promise<ScoreRow | undefined> {
  const key = scoreKey(of, subject)
  return readRow(scoreRow, await store.get({ table: 'core', key, consistent: true }))
}

/** Scores of an owner: in one season, or all. One trip for each megabyte. */
export async function readScores(
  store: Store,
  realmId: string,
  owner: string,
  of?: SeasonIn,
): Promise<ScoreRow[]> {
  const rows: ScoreRow[] = []
  for (let after: Key | undefined; ;) {
    const page = await store.query({
      table: 'core',
      keyCondition: of === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      values: {
        ':pk': ownerPartition(realmId, owner),
        ...(of && { ':prefix': scorePrefix(of) }),
      },
      consistent: of === undefined,
      ...(after && { after }),
    })
    rows.push(...page.items.map((item) => readRow(scoreRow, item)))
    if (page.next === undefined) return rows
    after = page.next
  }
}

/**
 * The score of a subject and its entry, in the place of what was read. Each fails when somebody has changed it
 * meanwhile.
 */
export function putScore(
  realmId: string,
  subject: Subject,
  before: ScoreRow | undefined,
  after: Omit<ScoreRow, 'sk' | 'changes'>,
): Write[] {
  const of = { realmId, board: after.board, season: after.season }
  const { subjectId, name, place, listed, expires } = after
  const changes = (before?.changes ?? 0) + 1
  const key = entryKey(of, subjectId, place)
  const row = { ...scoreKey(of, subject), v: 1, ...defined(after), changes }
  const entry = { ...key, v: 1, ...subject, name, ...(expires !== undefined && { expires }) }
  const moved = before?.listed === true && (before.place !== place || !listed)
  return [
    { put: { table: 'core', item: row, ...asRead(before) } },
    ...(moved ? [deleteEntry(of, before)] : []),
    ...(listed ? [{ put: { table: 'core' as const, item: entry } }] : []),
  ]
}

export function deleteScore(realmId: string, subject: Subject, row: ScoreRow): Write[] {
  const of = { realmId, board: row.board, season: row.season }
  return [
    { delete: { table: 'core', key: scoreKey(of, subject), ...asRead(row) } },
    ...(row.listed ? [deleteEntry(of, row)] : []),
  ]
}

function asRead(row: ScoreRow | undefined) {
  return row === undefined
    ? { condition: 'attribute_not_exists(pk)' }
    : { condition: 'changes = :read', values: { ':read': row.changes } }
}

const entryKey = (of: SeasonIn, subjectId: string, place: string): Key => ({
  pk: entriesPartition(of, shardOf(subjectId)),
  sk: place,
})

function deleteEntry(of: SeasonIn, { subjectId, place }: ScoreRow): Write {
  return { delete: { table: 'core', key: entryKey(of, subjectId, place) } }
}

/** Whatever they hold by now: for a season that nobody reads any more. */
export function deleteEntryAndScore(of: SeasonIn, { sk, subjectId, owner }: EntryRow): Write[] {
  return [
    { delete: { table: 'core', key: entryKey(of, subjectId, sk) } },
    { delete: { table: 'core', key: scoreKey(of, { subjectId, owner }) } },
  ]
}

/** Without what is undefined: the store has no such value. */
function defined<T extends object>(row: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

/** Entries of one shard from a place on, in order. One trip. */
export async function readEntries(
  store: Store,
  of: SeasonIn,
  shard: number,
  page: { after?: string | undefined; upTo?: string; limit: number; consistent?: boolean },
): Promise<{ entries: EntryRow[]; more: boolean }> {
  const { after, upTo, limit, consistent = false } = page
  const pk = entriesPartition(of, shard)
  const found = await store.query({
    table: 'core',
    keyCondition: upTo === undefined ? 'pk = :pk' : 'pk = :pk AND sk <= :last',
    values: { ':pk': pk, ...(upTo !== undefined && { ':last': upTo }) },
    limit,
    consistent,
    ...(after !== undefined && { after: { pk, sk: after } }),
  })
  const entries = found.items.map((item: Item) => readRow(entryRow, item))
  return { entries, more: found.next !== undefined }
}
