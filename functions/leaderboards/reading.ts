// Reading a leaderboard. Ranks come from the copy in Redis. The first of a board can be read from the store as well,
// in the same order and with the same cursors, so that goes on without Redis.
import type { BoardPlace } from '#shared/api/leaderboards.ts'
import type { PageQuery } from '#shared/api/page.ts'
import type { CacheAnswer, CacheCommand } from '#shared/cache/cache.ts'
import type { Leaderboards } from '#shared/leaderboards/copier.ts'
import { lastMember, nameIn, placeIn } from '#shared/leaderboards/copy.ts'
import type { Missing } from '#shared/leaderboards/copy.ts'
import { codeInPlace, readPlace, subjectCode } from '#shared/leaderboards/place.ts'
import { readEntries } from '#shared/leaderboards/rows.ts'
import type { Form, SeasonIn } from '#shared/leaderboards/rows.ts'
import { boardShards } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Store } from '#shared/store/store.ts'
import { readCursor, writeCursor } from '../http/page.ts'

export type ReadDeps = { store: Store; boards: Leaderboards }

/** A season, with the order of its board. */
export type Read = SeasonIn & Pick<Form, 'order'>

export type Page = { entries: BoardPlace[]; next?: string }

/** `name`: undefined when the entry has just moved. */
type Found = { place: string; name: string | undefined }

/** A place moves between two questions: it is looked for again so often. */
const looksMax = 4

/**
 * The first of a board, page by page, up to `size`. Two trips to Redis, or one to the store for each shard. Throws
 * request.cursor.
 */
export async function readTop(
  deps: ReadDeps,
  of: Read,
  size: number,
  { limit, after }: PageQuery,
): Promise<Page> {
  const list = cursorOf('top', of)
  const from = after === undefined ? undefined : readCursor(list, after)
  const before = from?.at ?? 0
  const wanted = Math.min(limit, size - before)
  if (wanted <= 0) return { entries: [] }
  const places =
    (await firstOfCopy(deps, of, from?.id, wanted + 1)) ??
    (await firstOfStore(deps, of, from?.id, wanted + 1))
  const shown = places.slice(0, wanted)
  const entries = shown.flatMap((found, i) => entryOf(of, found, before + i + 1))
  const last = shown.at(-1)
  const more = places.length > wanted && before + wanted < size
  if (last === undefined || !more) return { entries }
  return { entries, next: writeCursor(list, { at: before + shown.length, id: last.place }) }
}

async function firstOfCopy(
  { boards }: ReadDeps,
  of: Read,
  after: string | undefined,
  limit: number,
): Promise<Found[] | undefined> {
  const from = after === undefined ? '-' : `(${after}`
  const found = await boards.ask(of, (set) => [
    ['ZRANGE', set, from, `(${lastMember}`, 'BYLEX', 'LIMIT', 0, limit],
  ])
  if (!Array.isArray(found)) return undefined
  const named = await withNames(boards, of, found[0] as string[])
  return Array.isArray(named) ? named : undefined
}

async function firstOfStore(
  { store }: ReadDeps,
  of: Read,
  after: string | undefined,
  limit: number,
): Promise<Found[]> {
  const shards = await Promise.all(
    Array.from({ length: boardShards }, (_, shard) =>
      readEntries(store, of, shard, { after, limit }),
    ),
  )
  return shards
    .flatMap(({ entries }) => entries.map(({ sk, name }) => ({ place: sk, name })))
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .slice(0, limit)
}

/** The names of places. One trip. */
async function withNames(
  boards: Leaderboards,
  of: SeasonIn,
  places: readonly string[],
): Promise<Found[] | Missing> {
  if (places.length === 0) return []
  const codes = places.map(codeInPlace)
  const found = await boards.ask(of, (_, hash) => [['HMGET', hash, ...codes]])
  if (!Array.isArray(found)) return found
  const values = found[0] as (string | null)[]
  return places.map((place, i) => {
    const value = values[i] ?? null
    const isThere = value !== null && placeIn(codes[i]!, value) === place
    return { place, name: isThere ? nameIn(value) : undefined }
  })
}

/** Nothing for an entry that has just moved. */
function entryOf({ order }: Read, { place, name }: Found, rank: number): BoardPlace[] {
  if (name === undefined) return []
  const { score, reachedAt, subjectId } = readPlace(order, place)
  return [{ rank, id: subjectId, name, score, at: reachedAt }]
}

/** Two trips to Redis, four with neighbours. Throws leaderboard.unranked, leaderboard.unavailable, leaderboard.rebuilding. */
export async function readAround(
  { boards }: ReadDeps,
  of: Read,
  subjectId: string,
  each: number,
): Promise<{ rank: number; entries: BoardPlace[] }> {
  for (let looks = 0; looks < looksMax; looks++) {
    const [place] = await placesOf(boards, of, [subjectId])
    if (place === undefined) throw new Problem('leaderboard.unranked')
    const [rank] = await answersOf(boards, of, (set) => [['ZRANK', set, place.place]])
    if (typeof rank !== 'number') continue
    // The rank alone needs no more.
    if (each === 0) return { rank: rank + 1, entries: entryOf(of, place, rank + 1) }
    const first = Math.max(0, rank - each)
    const [near] = await answersOf(boards, of, (set) => [['ZRANGE', set, first, rank + each]])
    // The last member is no entry.
    const places = (near as string[]).filter((one) => one !== lastMember)
    const named = present(await withNames(boards, of, places))
    const at = places.indexOf(place.place)
    if (at < 0 || named[at]?.name === undefined) continue
    return {
      rank: first + at + 1,
      entries: named.flatMap((found, i) => entryOf(of, found, first + i + 1)),
    }
  }
  throw new Problem('leaderboard.unavailable', { retryAfterS: 1 })
}

/**
 * Of subjects that are named, those who are on the board, with their ranks among all. Two trips to Redis. Throws
 * request.cursor, leaderboard.unavailable, leaderboard.rebuilding.
 */
export async function readThese(
  { boards }: ReadDeps,
  of: Read,
  list: string,
  subjectIds: readonly string[],
  { limit, after }: PageQuery,
): Promise<Page> {
  const cursor = cursorOf(list, of)
  const from = after === undefined ? '' : readCursor(cursor, after).id
  const all = (await placesOf(boards, of, subjectIds))
    .filter(({ place }) => place > from)
    .sort((a, b) => (a.place < b.place ? -1 : 1))
  const shown = all.slice(0, limit)
  const ranks = await answersOf(boards, of, (set) =>
    shown.map(({ place }) => ['ZRANK', set, place] satisfies CacheCommand),
  )
  const entries = shown.flatMap((found, i) => {
    const rank = ranks[i]
    return typeof rank === 'number' ? entryOf(of, found, rank + 1) : []
  })
  const last = shown.at(-1)
  if (last === undefined || all.length <= limit) return { entries }
  return { entries, next: writeCursor(cursor, { at: 0, id: last.place }) }
}

/** Where subjects are, those who are nowhere left out. One trip. */
async function placesOf(
  boards: Leaderboards,
  of: SeasonIn,
  subjectIds: readonly string[],
): Promise<{ place: string; name: string }[]> {
  const codes = subjectIds.map(subjectCode)
  const [values] = await answersOf(boards, of, (_, hash) =>
    codes.length === 0 ? [] : [['HMGET', hash, ...codes]],
  )
  const all = codes.length === 0 ? [] : (values as (string | null)[])
  return all.flatMap((value, i) =>
    value === null ? [] : [{ place: placeIn(codes[i]!, value), name: nameIn(value) }],
  )
}

async function answersOf(
  boards: Leaderboards,
  of: SeasonIn,
  commands: (set: string, hash: string) => CacheCommand[],
): Promise<CacheAnswer[]> {
  let found = await boards.ask(of, commands)
  if (found === 'building') {
    await boards.copy(of)
    found = await boards.ask(of, commands)
  }
  return present(found)
}

function present<T>(found: T | Missing): T {
  if (found === 'unavailable') throw new Problem('leaderboard.unavailable', { retryAfterS: 2 })
  if (found === 'building') throw new Problem('leaderboard.rebuilding', { retryAfterS: 2 })
  return found
}

function cursorOf(list: string, { board, season }: SeasonIn): string {
  return `leaderboards.${list} ${board}.${season}`
}
