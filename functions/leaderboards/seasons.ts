// Which boards there are, and which of their seasons can be read.
import type { Board } from '#shared/api/leaderboards.ts'
import type { Content, Leaderboard } from '#shared/content/content.ts'
import { readPast } from '#shared/leaderboards/rows.ts'
import type { Form, PastSeason, SeasonIn } from '#shared/leaderboards/rows.ts'
import { openSeason } from '#shared/leaderboards/seasons.ts'
import { boardSeasonsKeptMax } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'

export type SeasonDeps = {
  store: Store
  runtime: Pick<Runtime, 'now'>
  content: Pick<Content, 'leaderboards'>
}

/** Throws leaderboard.not_found. */
export function boardOf({ content }: Pick<SeasonDeps, 'content'>, id: string): Leaderboard {
  const board = content.leaderboards.get(id)
  if (board === undefined) throw new Problem('leaderboard.not_found')
  return board
}

/** Two trips for each board, all boards at once. */
export async function listBoards(deps: SeasonDeps, realmId: string): Promise<Board[]> {
  return await Promise.all(
    [...deps.content.leaderboards.values()].map(async (board): Promise<Board> => {
      const { season, startsAt, endsAt, per, order, keep } = await current(deps, realmId, board)
      const past = await keptPast(deps, realmId, board)
      return {
        board: board.id,
        title: board.title,
        per,
        order,
        keep,
        size: board.size,
        season: { season, startsAt, ...(endsAt !== undefined && { endsAt }) },
        past: past.map((one) => ({
          season: one.season,
          startsAt: one.startsAt,
          endedAt: one.endedAt,
        })),
      }
    }),
  )
}

/**
 * The season of that number, or the one that goes on. One trip, or two for a past one. Throws
 * leaderboard.season_unknown.
 */
export async function seasonOf(
  deps: SeasonDeps,
  realmId: string,
  board: Leaderboard,
  number: number | undefined,
): Promise<SeasonIn & Form> {
  const open = await current(deps, realmId, board)
  const wanted =
    number === undefined || number === open.season
      ? open
      : (await keptPast(deps, realmId, board)).find(({ season }) => season === number)
  if (wanted === undefined) throw new Problem('leaderboard.season_unknown')
  const { season, per, order, keep } = wanted
  return { realmId, board: board.id, season, per, order, keep }
}

async function current({ store, runtime }: SeasonDeps, realmId: string, board: Leaderboard) {
  return await openSeason({ store, now: runtime.now() }, realmId, board)
}

/** The latest first. What an operator has dropped does not count. */
async function keptPast(
  { store }: SeasonDeps,
  realmId: string,
  board: Leaderboard,
): Promise<PastSeason[]> {
  const of = { realmId, board: board.id }
  const past = await readPast(store, of, { limit: 2 * boardSeasonsKeptMax })
  return past.filter(({ dropped }) => !dropped).slice(0, board.kept)
}
