// Routes of the game's tallies.
import type { Handlers } from '#shared/api/endpoint.ts'
import type { tallies as declaration } from '#shared/api/tallies.ts'
import { rankPartition, rankRow, readTotals } from '#shared/game/tallying.ts'
import { tallyShards } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Tally } from '#shared/rules/tally.ts'
import { readRow } from '#shared/store/row.ts'
import type { Store } from '#shared/store/store.ts'
import { readCursor, writeCursor } from '../http/page.ts'

export function tallyRoutes(store: Store, tallies: readonly Tally[]): Handlers<typeof declaration> {
  const per = (subject: Tally['per']) => tallies.filter((one) => one.per === subject)
  return {
    async top({ params, query }) {
      const tally = tallies.find(({ name, ranked }) => ranked && name === params.tally)
      if (tally === undefined) {
        throw new Problem('game.not_found', { detail: 'No such ranked tally.' })
      }
      return await readTop(store, params.realmId, tally, query)
    },
    of: async ({ params }) => ({
      totals: await readTotals(store, params.realmId, params.characterId, per('character')),
    }),
    mine: async ({ params, caller }) => ({
      totals: await readTotals(store, params.realmId, caller.accountId, per('account')),
    }),
  }
}

/**
 * A page of a ranked list. All of it may come from one shard, so each is asked for a whole page, from the
 * place of the cursor on; the first of all follow by their places. A cursor holds the last place and its
 * rank. One trip for each shard, all at once.
 */
async function readTop(
  store: Store,
  realmId: string,
  tally: Tally,
  { limit, after }: { limit: number; after?: string | undefined },
) {
  const list = `tallies.top ${tally.name}.${tally.version}`
  const from = after === undefined ? undefined : readCursor(list, after)
  const shards = Array.from({ length: tallyShards }, async (_, shard) => {
    const pk = rankPartition(realmId, tally, shard)
    return await store.query({
      table: 'core',
      keyCondition: 'pk = :pk',
      values: { ':pk': pk },
      limit,
      ...(from === undefined ? {} : { after: { pk, sk: from.id } }),
    })
  })
  const found = await Promise.all(shards)
  const rows = found
    .flatMap(({ items }) => items.map((item) => readRow(rankRow, item)))
    .sort((a, b) => (a.sk < b.sk ? -1 : 1))
  const before = from?.at ?? 0
  const entries = rows.slice(0, limit).map(({ sk: _sk, ...entry }, i) => ({
    rank: before + i + 1,
    ...entry,
  }))
  const more = rows.length > limit || found.some(({ next }) => next !== undefined)
  const last = rows[entries.length - 1]
  if (last === undefined || !more) return { entries }
  return { entries, next: writeCursor(list, { at: before + entries.length, id: last.sk }) }
}
