// Seasons: which one takes results, and the turn to the next. Whoever first meets a season whose end is over by his
// clock turns it, in one transaction over all gates. A clock that is behind changes nothing: seasons only go forward.
import type { Leaderboard } from '../content/content.ts'
import { readBusy } from './busy.ts'
import { putPast, readGate, turnGates } from './rows.ts'
import type { BoardIn, Season } from './rows.ts'
import { expiryOf, periodAt } from './season.ts'
import { expiresAt } from '../store/store.ts'
import type { Store, Write } from '../store/store.ts'

type SeasonDeps = { store: Store; now: number }

const turnsMax = 8

/**
 * The season of the board that takes results. One trip, and two for the one who turns it. A season that nobody met
 * never was: a board that rests for three weeks has none of them.
 */
export async function openSeason(
  { store, now }: SeasonDeps,
  realmId: string,
  board: Leaderboard,
  shard = 0,
): Promise<Season> {
  const of = { realmId, board: board.id }
  for (let turns = 0; ; turns++) {
    const season = await readGate(store, of, shard)
    if (season !== undefined && (season.endsAt === undefined || season.endsAt > now)) return season
    if (turns === turnsMax) throw new Error(`the season of ${board.id} turns and turns`)
    await readBusy(store.transact(turnWrites(of, board, season, now)))
  }
}

/**
 * All gates from `from` to the next season; it becomes a past season. `ends`: an operator ends it before its time, and
 * with `drop` nothing of it is kept.
 */
export function turnWrites(
  of: BoardIn,
  board: Leaderboard,
  from: Season | undefined,
  now: number,
  ends: 'over' | 'archive' | 'drop' = 'over',
): Write[] {
  const period = periodAt(board.season, now)
  const expiry = expiryOf(period, board)
  const { per, order, keep } = board
  const next: Season = {
    season: (from?.season ?? 0) + 1,
    ...(ends === 'over' ? period : { ...period, startsAt: now }),
    per,
    order,
    keep,
    ...(expiry === undefined ? {} : { rowsExpire: expiresAt(expiry) }),
  }
  const gates = turnGates(of, from, next)
  if (from === undefined) return gates
  const past = {
    season: from.season,
    startsAt: from.startsAt,
    endedAt: Math.min(now, from.endsAt ?? now),
    dropped: ends === 'drop',
    per: from.per,
    order: from.order,
    keep: from.keep,
    expires: from.rowsExpire,
  }
  return [...gates, putPast(of, past)]
}
