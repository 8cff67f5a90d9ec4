// How zone hosts hand in results: an effect of the core for each leaderboard of the content. Its id is that of the
// result, and takes effect once for good (docs/decisions/0025-commits-and-effects.md).
import type { Cache } from '../cache/cache.ts'
import type { Leaderboard } from '../content/content.ts'
import type { CoreEffect } from '../game/effect.ts'
import { submission, submissionKind } from '../rules/leaderboard.ts'
import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import { createLeaderboards } from './copier.ts'
import { planResult } from './result.ts'

export function createBoardEffects(deps: {
  store: Store
  runtime: Runtime
  log: Pick<Log, 'error'>
  /** Without it no copy follows. Whoever makes the next one has the results from the store. */
  cache?: Cache
}): {
  find(kind: string): CoreEffect | undefined
  take(boards: readonly Leaderboard[]): void
} {
  const { store, cache } = deps
  const live = cache && createLeaderboards({ ...deps, cache })
  const effects = new Map<string, CoreEffect>()

  function effectOf(board: Leaderboard): CoreEffect {
    return {
      body: submission,
      async plan({ realmId, now, body, ...from }) {
        const planned = await planResult(
          { store, now },
          realmId,
          board,
          from,
          submission.parse(body),
        )
        if ('refused' in planned) return planned
        const { steps, answer, subject } = planned
        // Whose entry it is, for `happened`: also when another host has made it happen.
        return { steps, answer: { ...answer, ...subject } }
      },
      happened({ realmId }, { season, changed, subjectId, owner }) {
        if (changed !== true || live === undefined) return
        const of = { realmId, board: board.id, season: Number(season) }
        void live.follow(of, { subjectId: String(subjectId), owner: String(owner) })
      },
    }
  }

  return {
    find: (kind) => effects.get(kind),
    take(boards) {
      effects.clear()
      for (const board of boards) effects.set(submissionKind(board.id), effectOf(board))
    },
  }
}
