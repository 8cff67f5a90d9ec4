// What a result does to a board: the steps of the transaction that takes it, or why it is refused. Zone hosts put
// them into the transaction of an effect, the functions into that of a request of an operator. Both remember the id
// of the result in the same transaction, so it counts once.
import type { Leaderboard } from '../content/content.ts'
import type { SubmissionAnswer } from '../rules/leaderboard.ts'
import type { Step } from '../store/commit.ts'
import { readRow } from '../store/row.ts'
import type { Key, Store } from '../store/store.ts'
import * as z from 'zod'
import { placeOf } from './place.ts'
import { gateCheck, putScore, readScore, shardOf } from './rows.ts'
import type { Form, ScoreRow, Season, Subject } from './rows.ts'
import { openSeason } from './seasons.ts'

/** The character that a result comes from. */
export type From = { characterId: string; accountId: string; name: string }

export type Result = { score: number; season?: number | undefined }

/**
 * - `leaderboard.over`: the season that the result names takes none.
 * - `leaderboard.no_guild`: the board is of guilds, and the character is in none.
 * - `leaderboard.full`: the sum would be no safe integer.
 */
export type ResultRefusal = 'leaderboard.over' | 'leaderboard.no_guild' | 'leaderboard.full'

export type Planned =
  | { steps: Step<never>[]; answer: SubmissionAnswer; subject: Subject; season: Season }
  | { refused: ResultRefusal }

type Named = Subject & { name: string; steps: Step<never>[] }

/** Three trips in a row, four for a guild. A step fails when somebody was faster. */
export async function planResult(
  { store, now }: { store: Store; now: number },
  realmId: string,
  board: Leaderboard,
  from: From,
  result: Result,
): Promise<Planned> {
  const of = { realmId, board: board.id }
  const mine = shardOf(from.characterId)
  // Of a board of guilds the shard is not known yet. Any gate tells the season.
  const season = await openSeason({ store, now }, realmId, board, mine)
  if (result.season !== undefined && result.season !== season.season) {
    return { refused: 'leaderboard.over' }
  }
  const subject = season.per === 'guild' ? await guildOf(store, realmId, from) : characterOf(from)
  if (subject === undefined) return { refused: 'leaderboard.no_guild' }
  const { subjectId, owner, name, steps } = subject
  const before = await readScore(store, { ...of, season: season.season }, subject)
  const score = scoreAfter(season, before, result.score)
  if (!Number.isSafeInteger(score)) return { refused: 'leaderboard.full' }
  const answer = { score, season: season.season, changed: score !== before?.score }
  const known = { answer, subject: { subjectId, owner }, season }
  // It stays there since it was reached first, also by its name of then.
  if (!answer.changed) return { steps: [], ...known }
  const reachedAt = Math.floor(now)
  const after = {
    board: board.id,
    season: season.season,
    subjectId,
    name,
    score,
    reachedAt,
    place: placeOf(season.order, { score, reachedAt, subjectId }),
    listed: true,
    expires: season.rowsExpire,
  }
  const gate = gateCheck({ ...of, season: season.season }, shardOf(subjectId))
  const writes = [gate, ...putScore(realmId, subject, before, after)]
  return { steps: [...steps, ...writes.map((write) => ({ write }))], ...known }
}

/** What is kept after one more result. */
function scoreAfter(
  { keep, order }: Form,
  before: Pick<ScoreRow, 'score'> | undefined,
  result: number,
): number {
  if (before === undefined || keep === 'last') return result
  if (keep === 'sum') return before.score + result
  return order === 'highest' ? Math.max(before.score, result) : Math.min(before.score, result)
}

function characterOf({ characterId, accountId, name }: From): Named {
  return { subjectId: characterId, owner: accountId, name, steps: [] }
}

// The rows of functions/guilds/store.ts, as far as they say who is in which guild and what it is called.
const pointerRow = z.object({ guildId: z.string() })
const guildRow = z.object({ name: z.string(), state: z.enum(['open', 'gone']) })

const pointerKey = (realmId: string, characterId: string): Key => ({
  pk: `R#${realmId}#GUILDS#${characterId}`,
  sk: 'MEMBER',
})

/** In which guild a character is; that one may be gone. One trip. */
export async function guildIdOf(
  store: Store,
  realmId: string,
  characterId: string,
): Promise<string | undefined> {
  const key = pointerKey(realmId, characterId)
  return readRow(pointerRow, await store.get({ table: 'core', key, consistent: true }))?.guildId
}

/** Two trips. The character must still be in the guild, and its name be the same, when the result is taken. */
async function guildOf(
  store: Store,
  realmId: string,
  { characterId }: From,
): Promise<Named | undefined> {
  const pointer = pointerKey(realmId, characterId)
  const guildId = await guildIdOf(store, realmId, characterId)
  if (guildId === undefined) return undefined
  const key = { pk: `R#${realmId}#GUILD#${guildId}`, sk: 'GUILD' }
  const guild = readRow(guildRow, await store.get({ table: 'core', key, consistent: true }))
  if (guild?.state !== 'open') return undefined
  const condition = '#state = :open AND #name = :name'
  const bindings = {
    names: { '#state': 'state', '#name': 'name' },
    values: { ':open': 'open', ':name': guild.name },
  }
  const still = { condition: 'guildId = :guild', values: { ':guild': guildId } }
  return {
    subjectId: guildId,
    owner: guildId,
    name: guild.name,
    steps: [
      { write: { check: { table: 'core', key: pointer, ...still } } },
      { write: { check: { table: 'core', key, condition, ...bindings } } },
    ],
  }
}
