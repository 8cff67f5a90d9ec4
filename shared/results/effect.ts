// How a zone host makes the result of a match count: an effect of each member who is there, all of which say the same.
// The first that reaches the store ends the match: result and ratings change in one transaction, on condition that it
// has not ended. The others find that, and answer the same. So a result counts when any of them comes through, also
// from the saved state of a member whose host was killed; and never twice.
import type { CoreEffect, EffectPlan, EffectRequest } from '../game/effect.ts'
import { guardKey } from '../ownership/guard.ts'
import { matchResult, resultKind } from '../rules/played-match.ts'
import type { Step } from '../store/commit.ts'
import type { Store, Write } from '../store/store.ts'
import { rateMatch, skillOf, storedRating } from './rating.ts'
import { putRating, putResult, ratingOf, readRating, readResult } from './rows.ts'
import type { RatingRow, ResultRow } from './rows.ts'

type Request = Omit<EffectRequest<unknown>, 'body'> & { body: unknown }
type Player = ResultRow['teams'][number]['players'][number]

/** `find`: as `coreEffect` of createEffecting. */
export function createResultEffect(store: Store): { find(kind: string): CoreEffect | undefined } {
  const effect: CoreEffect = {
    body: matchResult,
    plan: async (request) => await planResult(store, request),
    happened: () => undefined,
  }
  return { find: (kind) => (kind === resultKind ? effect : undefined) }
}

/**
 * Refused: `result.over`, the match was never opened, or long ago; `result.stranger`, he does not play it;
 * `result.unfit`, there are not so many teams. Two trips one after the other. Throws StoreError.
 */
async function planResult(store: Store, request: Request): Promise<EffectPlan> {
  const { realmId, characterId, id: matchId, now } = request
  const { places } = matchResult.parse(request.body)
  const row = await readResult(store, now, realmId, matchId)
  if (row === undefined) return { refused: 'result.over' }
  const plays = row.teams.some(({ players }) =>
    players.some((one) => one.characterId === characterId),
  )
  if (!plays) return { refused: 'result.stranger' }
  if (row.endedAt !== undefined) return { steps: [], answer: answerFor(row, characterId) }
  if (places.length !== row.teams.length) return { refused: 'result.unfit' }
  const ended: ResultRow = {
    ...row,
    endedAt: now,
    teams: row.teams.map((team, i) => ({ ...team, place: places[i]! })),
  }
  const { rated, steps } =
    row.rating === undefined
      ? { rated: ended, steps: [] }
      : await planRatings(store, request, ended, row.rating)
  return {
    steps: [{ write: putResult(realmId, matchId, row, rated) }, ...steps],
    answer: answerFor(rated, characterId),
  }
}

/** Everybody is rated, also who has left. Only a character that is deleted is not written. */
async function planRatings(
  store: Store,
  { realmId, characterId: me, id: matchId, now }: Request,
  ended: ResultRow,
  rating: string,
): Promise<{ rated: ResultRow; steps: Step<never>[] }> {
  const teams = await Promise.all(
    ended.teams.map(async ({ players }) => {
      return await Promise.all(
        players.map(async (player) => {
          const { accountId, characterId } = player
          const [before, isThere] = await Promise.all([
            readRating(store, realmId, { accountId, characterId, rating }),
            exists(store, realmId, characterId),
          ])
          return { player, before, isThere }
        }),
      )
    }),
  )
  const after = rateMatch(
    teams.map((team) => team.map(({ before }) => ratingOf(before))),
    ended.teams.map(({ place }) => place!),
  )
  const steps: Step<never>[] = []
  const rated = ended.teams.map((team, t) => ({
    ...team,
    players: teams[t]!.map(({ player, before, isThere }, p): Player => {
      if (!isThere) return player
      const { accountId, characterId } = player
      const points = { before: skillOf(ratingOf(before)), after: skillOf(after[t]![p]!) }
      const next: Omit<RatingRow, 'number'> = {
        rating,
        characterId,
        ...storedRating(after[t]![p]!),
        matches: (before?.matches ?? 0) + 1,
        last: { match: matchId, place: team.place!, before: points.before, at: now },
      }
      steps.push({ write: putRating(realmId, accountId, before, next) })
      // The effect itself checks the character that it is of.
      if (characterId !== me) steps.push({ write: isThereCheck(realmId, characterId) })
      return { ...player, ...points }
    }),
  }))
  return { rated: { ...ended, teams: rated }, steps }
}

function answerFor({ teams, rating }: ResultRow, characterId: string) {
  const team = teams.find(({ players }) => players.some((one) => one.characterId === characterId))!
  const { before, after } = team.players.find((one) => one.characterId === characterId)!
  return {
    place: team.place!,
    teams: teams.length,
    ...(rating === undefined || before === undefined || after === undefined
      ? {}
      : { rating, before, after }),
  }
}

async function exists(store: Store, realmId: string, characterId: string): Promise<boolean> {
  const key = guardKey(realmId, characterId)
  const guard = await store.get({ table: 'core', key, consistent: true })
  return guard !== undefined && guard['deleted'] !== true
}

/** What is erased with a character must not come back. */
function isThereCheck(realmId: string, characterId: string): Write {
  return {
    check: {
      table: 'core',
      key: guardKey(realmId, characterId),
      condition: 'attribute_exists(pk) AND attribute_not_exists(deleted)',
    },
  }
}
