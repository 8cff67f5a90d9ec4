// Pages of a list whose rows are ordered by time and, within one millisecond, by id. A cursor says where
// the next page begins, of which list, and in which version of this form:
//
//   base64url of [version, list, time in ms, id]
//
// A list in another order (functions/game/tallies.ts) writes its own number and text there.
//
// It is no secret and proves nothing. The list's own partition bounds what a made-up cursor can reach.
import * as z from 'zod'
import type { PageQuery } from '#shared/api/page.ts'
import { Problem } from '#shared/problem.ts'
import { readRow } from '#shared/store/row.ts'
import type { Key, Query, Store } from '#shared/store/store.ts'

/** Where a row stands in its list. `at`: Unix ms. */
export type Position = { at: number; id: string }

export type List<Row extends z.ZodType> = {
  /** `domain.endpoint`: a cursor of another list is refused. */
  name: string
  query: Omit<Query, 'limit' | 'after'>
  row: Row
  positionOf: (row: z.output<Row>) => Position
  keyAt: (position: Position) => Key
}

const version = 1
const form = z.tuple([
  z.literal(version),
  z.string(),
  z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  z.string().min(1).max(128),
])

/** One page. One trip. Throws request.cursor for a cursor that is not of this list, and RowError. */
export async function readPage<Row extends z.ZodType>(
  store: Store,
  list: List<Row>,
  { limit, after }: PageQuery,
): Promise<{ entries: z.output<Row>[]; next?: string }> {
  const from = after === undefined ? undefined : readCursor(list.name, after)
  const found = await store.query({
    ...list.query,
    limit,
    ...(from === undefined ? {} : { after: list.keyAt(from) }),
  })
  const entries = found.items.map((item) => readRow(list.row, item))
  const last = entries.at(-1)
  if (found.next === undefined || last === undefined) return { entries }
  return { entries, next: writeCursor(list.name, list.positionOf(last)) }
}

export function writeCursor(list: string, { at, id }: Position): string {
  return Buffer.from(JSON.stringify([version, list, at, id])).toString('base64url')
}

/** Throws request.cursor for a cursor that is not of this list. */
export function readCursor(list: string, text: string): Position {
  const parsed = form.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')))
  if (!parsed.success || parsed.data[1] !== list) throw new Problem('request.cursor')
  const [, , at, id] = parsed.data
  return { at, id }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
