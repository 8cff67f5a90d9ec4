// What operators do with leaderboards: each with its reason, in one transaction with its audit entry.
import type { AuditEntry } from '#shared/api/admin/audit.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type { SubmissionAnswer } from '#shared/rules/leaderboard.ts'
import type { Leaderboards } from '#shared/leaderboards/copier.ts'
import { planResult } from '#shared/leaderboards/result.ts'
import {
  deleteEntryAndScore,
  deletePast,
  deleteScore,
  readEntries,
  readPast,
  readScore,
} from '#shared/leaderboards/rows.ts'
import type { Form, SeasonIn, Subject } from '#shared/leaderboards/rows.ts'
import { openSeason, turnWrites } from '#shared/leaderboards/seasons.ts'
import { boardShards, boardTidyRows } from '#shared/limits.ts'
import { guardKey } from '#shared/ownership/guard.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { isUuid } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Step } from '#shared/store/commit.ts'
import { readRow } from '#shared/store/row.ts'
import * as z from 'zod'
import { auditWrite, stillMay } from '../admin/admin.ts'
import { ownerOfName } from '../characters/characters.ts'
import { once } from '../http/once.ts'
import { boardOf, seasonOf } from './seasons.ts'
import type { SeasonDeps } from './seasons.ts'

export type OperateDeps = Omit<SeasonDeps, 'runtime'> & {
  runtime: Runtime
  boards: Leaderboards
}

/** Who acts, on which board, why, and by which request. */
export type Act = {
  operator: OperatorCaller
  realmId: string
  board: string
  reason: string
  op: OperationId
}

/** Whose character it is, also of one that is deleted. */
const guardRow = z.object({ accountId: z.string() })

type Action = Extract<AuditEntry['action'], `leaderboard.${string}`>

/** The audit entry of an act, and the right to it. */
function audited(
  deps: OperateDeps,
  { operator, realmId, board, reason, op }: Act,
  action: Action,
  what: string,
): Step<ProblemCode>[] {
  const entry = { action, target: `${realmId} ${board}`, what, reason }
  const { write } = auditWrite(deps.runtime, operator, op, entry)
  return [...stillMay(deps, operator), { write }]
}

/** Throws leaderboard.*, world.busy, operation.mismatch. */
export async function submitScore(
  deps: OperateDeps,
  act: Act,
  { name, score, season }: { name: string; score: number; season?: number | undefined },
): Promise<SubmissionAnswer> {
  const { realmId } = act
  const board = boardOf(deps, act.board)
  const done = await once(deps, act.op, async () => {
    const owner = await ownerOfName(deps.store, realmId, name)
    if (owner === undefined || owner.deleted) throw new Problem('leaderboard.unknown')
    const now = deps.runtime.now()
    const planned = await planResult({ store: deps.store, now }, realmId, board, owner, {
      score,
      season,
    })
    if ('refused' in planned) throw new Problem(planned.refused)
    const { steps, answer, subject } = planned
    const what = `${score} for ${subject.subjectId}`
    return {
      steps: [...audited(deps, act, 'leaderboard.submit', what), ...steps],
      answer: { ...answer, ...subject },
    }
  })
  const { subjectId, owner, ...answer } = done
  const of = { realmId, board: board.id, season: answer.season }
  if (answer.changed) await deps.boards.follow(of, { subjectId, owner })
  return answer
}

/**
 * Takes one off a board, also off a past season. `who`: the name of a character, or an id as lists have it. Throws
 * leaderboard.*, world.busy, operation.mismatch.
 */
export async function removeScore(
  deps: OperateDeps,
  act: Act,
  { who, season }: { who: string; season?: number | undefined },
): Promise<void> {
  const of = await seasonOf(deps, act.realmId, boardOf(deps, act.board), season)
  const removed = await once(deps, act.op, async () => {
    const subject = await subjectOf(deps, of, who)
    const row = subject && (await readScore(deps.store, of, subject))
    if (subject === undefined || row === undefined) throw new Problem('leaderboard.unknown')
    const what = `${row.score} of ${row.subjectId} in season ${of.season}`
    const writes = deleteScore(act.realmId, subject, row)
    return {
      steps: [
        ...audited(deps, act, 'leaderboard.remove', what),
        ...writes.map((write) => ({ write })),
      ],
      answer: subject,
    }
  })
  await deps.boards.follow(of, removed)
}

async function subjectOf(
  deps: OperateDeps,
  of: SeasonIn & Form,
  who: string,
): Promise<Subject | undefined> {
  if (!isUuid(who)) {
    const owner = await ownerOfName(deps.store, of.realmId, who)
    return owner && { subjectId: owner.characterId, owner: owner.accountId }
  }
  if (of.per === 'guild') return { subjectId: who, owner: who }
  const guard = await deps.store.get({ table: 'core', key: guardKey(of.realmId, who) })
  const accountId = readRow(guardRow, guard)?.accountId
  return accountId === undefined ? undefined : { subjectId: who, owner: accountId }
}

/** The ends of a season before its time. `drop`: nothing of it is kept. */
export async function endSeason(
  deps: OperateDeps,
  act: Act,
  ends: 'archive' | 'drop',
): Promise<{ ended: number; season: number }> {
  const board = boardOf(deps, act.board)
  const of = { realmId: act.realmId, board: board.id }
  const action = ends === 'drop' ? 'leaderboard.reset' : 'leaderboard.archive'
  return await once(deps, act.op, async () => {
    const now = deps.runtime.now()
    const from = await openSeason({ store: deps.store, now }, act.realmId, board)
    const turn = turnWrites(of, board, from, now, ends)
    return {
      steps: [
        ...audited(deps, act, action, `season ${from.season}`),
        ...turn.map((write) => ({ write })),
      ],
      answer: { ended: from.season, season: from.season + 1 },
    }
  })
}

/**
 * Makes the copy of a season anew, or goes on with that one. The one that is read stays until the new one is ready.
 * Throws leaderboard.*, world.busy, operation.mismatch.
 */
export async function rebuild(
  deps: OperateDeps,
  act: Act,
  { season, copy }: { season?: number | undefined; copy?: string | undefined },
): Promise<{ copy: string; ready: boolean }> {
  const of = await seasonOf(deps, act.realmId, boardOf(deps, act.board), season)
  const begun = await once(deps, act.op, async () => {
    const going = copy ?? (await deps.boards.begin(of))
    if (going === undefined) throw new Problem('leaderboard.unavailable', { retryAfterS: 2 })
    const entry =
      copy === undefined ? audited(deps, act, 'leaderboard.rebuild', `season ${of.season}`) : []
    return { steps: entry, answer: { copy: going } }
  })
  await deps.boards.copy(of)
  const going = await deps.boards.going(of)
  if (going === undefined) throw new Problem('leaderboard.unavailable', { retryAfterS: 2 })
  return { copy: begun.copy, ready: going.copy !== begun.copy }
}

/** Entries that one transaction deletes: two rows each, of 100. */
const tidiedAtOnce = 50

/**
 * Deletes rows of seasons that are not kept, some at a time: `more` says that there are more. What is deleted nobody
 * could read any more. `again`: the same operator goes on. Throws leaderboard.not_found, world.busy.
 */
export async function tidy(
  deps: OperateDeps,
  act: Act,
  again: boolean,
): Promise<{ deleted: number; more: boolean }> {
  const { store } = deps
  const board = boardOf(deps, act.board)
  const of = { realmId: act.realmId, board: board.id }
  await once(deps, act.op, async () => {
    const steps = again ? [] : audited(deps, act, 'leaderboard.tidy', '')
    return await Promise.resolve({ steps, answer: {} })
  })
  const past = await readPast(store, of, { consistent: true })
  const kept = new Set(past.filter(({ dropped }) => !dropped).slice(0, board.kept))
  let deleted = 0
  for (const one of past.filter((each) => !kept.has(each))) {
    const gone = { ...of, season: one.season }
    for (let shard = 0; shard < boardShards; shard++) {
      for (let more = true; more;) {
        if (deleted >= boardTidyRows) return { deleted, more: true }
        const page = await readEntries(store, gone, shard, {
          limit: tidiedAtOnce,
          consistent: true,
        })
        if (page.entries.length === 0) break
        await store.transact(page.entries.flatMap((entry) => deleteEntryAndScore(gone, entry)))
        deleted += page.entries.length
        more = page.more
      }
    }
    await store.transact([deletePast(gone)])
  }
  return { deleted, more: false }
}
