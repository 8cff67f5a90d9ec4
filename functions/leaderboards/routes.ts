import type { Handlers } from '#shared/api/endpoint.ts'
import type { leaderboards } from '#shared/api/leaderboards.ts'
import { guildIdOf } from '#shared/leaderboards/result.ts'
import { readScores } from '#shared/leaderboards/rows.ts'
import { readCircle } from '#shared/presence/circle.ts'
import { Problem } from '#shared/problem.ts'
import { rosterOf } from '../guilds/guilds.ts'
import { readAround, readThese, readTop } from './reading.ts'
import { boardOf, listBoards, seasonOf } from './seasons.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import { requireRole } from '../admin/admin.ts'
import { endSeason, rebuild, removeScore, submitScore, tidy } from './operating.ts'
import type { Act, OperateDeps } from './operating.ts'

type Acted = {
  caller: OperatorCaller
  params: { realmId: string; board: string }
  body: { reason: string }
  operation: OperationId
}

export function leaderboardRoutes(deps: OperateDeps): Handlers<typeof leaderboards> {
  const { store } = deps

  /** Refuses an operator who has lost his role since his token was made. */
  async function act({ caller, params, body, operation }: Acted): Promise<Act> {
    await requireRole(deps, caller)
    return { ...params, operator: caller, reason: body.reason, op: operation }
  }

  /** The season that is asked for, of a board of characters where it must be one. */
  async function find(
    { realmId, board: id }: { realmId: string; board: string },
    season: number | undefined,
    per?: 'character',
  ) {
    const board = boardOf(deps, id)
    const of = await seasonOf(deps, realmId, board, season)
    if (per !== undefined && of.per !== per) throw new Problem('leaderboard.of_guilds')
    return { board, of }
  }

  return {
    list: async ({ params }) => ({ boards: await listBoards(deps, params.realmId) }),
    async top({ params, query }) {
      const { board, of } = await find(params, query.season)
      return await readTop(deps, of, board.size, query)
    },
    async around({ params, query }) {
      const { of } = await find(params, query.season)
      const { realmId, characterId } = params
      const subjectId =
        of.per === 'guild' ? await guildIdOf(store, realmId, characterId) : characterId
      if (subjectId === undefined) throw new Problem('leaderboard.unranked')
      return await readAround(deps, of, subjectId, query.each)
    },
    async friends({ params, query, caller: { accountId } }) {
      const { of } = await find(params, query.season, 'character')
      const { realmId } = params
      const { friends } = await readCircle(store, { realmId, accountId })
      // Any character of a friend may be on the board.
      const scores = await Promise.all(
        [accountId, ...friends].map((each) => readScores(store, realmId, each, of)),
      )
      const ids = scores.flat().map(({ subjectId }) => subjectId)
      return await readThese(deps, of, 'friends', ids, query)
    },
    async guild({ params, query, caller: { accountId } }) {
      const { of } = await find(params, query.season, 'character')
      const { realmId, guildId } = params
      const roster = await rosterOf(store, { realmId, guildId })
      if (!roster.some((member) => member.accountId === accountId)) {
        throw new Problem('guild.not_member')
      }
      const ids = roster.map(({ characterId }) => characterId)
      return await readThese(deps, of, `guild ${guildId}`, ids, query)
    },
    submit: async (call) => await submitScore(deps, await act(call), call.body),
    async remove(call) {
      await removeScore(deps, await act(call), call.body)
      return {}
    },
    archive: async (call) => await endSeason(deps, await act(call), 'archive'),
    reset: async (call) => await endSeason(deps, await act(call), 'drop'),
    rebuild: async (call) => await rebuild(deps, await act(call), call.body),
    tidy: async (call) => await tidy(deps, await act(call), call.body.again),
  }
}
