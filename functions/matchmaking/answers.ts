// The answers to a match: all accept, and its instance is opened; one declines, and the others go back to where they
// were in the queue.
import type { Acting } from '../parties/parties.ts'
import { planPrivate } from '../world/world.ts'
import type { PrivateDeps } from '../world/world.ts'
import { acceptGraceMs, openGraceMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import { openResult, ratingOfQueue } from '#shared/results/rows.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { OperationDeps } from '#shared/store/commit.ts'
import { once } from '../http/once.ts'
import { accountsOf, failSteps } from './failing.ts'
import { accept, decline, expire } from './match.ts'
import type { Match } from './match.ts'
import { matchWrite, readMatch } from './store.ts'

export type MatchDeps = OperationDeps & PrivateDeps

export type Answer = { state: 'asks' | 'opens' | 'declined' }

/** Accepts or declines for the caller. Throws match.over. */
export async function answerMatch(
  deps: MatchDeps,
  { realmId, me, op }: Acting,
  { matchId, accepts }: { matchId: string; accepts: boolean },
): Promise<Answer> {
  const { store, runtime } = deps
  let others: string[] = []
  const answer = await once<Answer>(deps, op, async () => {
    const { characterId } = await me()
    const now = runtime.now()
    const before = await readMatch(store, now, realmId, matchId)
    if (before === undefined) throw new Problem('match.over')
    const after = accepts ? accept(before, characterId, now) : decline(before, characterId)
    if (typeof after === 'string') throw new Problem(after)
    others = accountsOf(before)
    if (after.state === 'failed') {
      const steps = await failSteps(deps, realmId, { before, because: [characterId] })
      return { steps, answer: { state: 'declined' as const } }
    }
    const state = after.state === 'asks' ? ('asks' as const) : ('opens' as const)
    // It was accepted before: nothing changes.
    if (after === before) return { steps: [], answer: { state } }
    return { steps: [{ write: matchWrite(realmId, before, after) }], answer: { state } }
  })
  deps.push.hint('presence', realmId, others)
  // Whoever matches the queue does it as well, when this fails.
  if (answer.state === 'opens') await openMatch(deps, realmId, matchId).catch(ignoreProblem)
  return answer
}

function ignoreProblem(error: unknown): void {
  if (!(error instanceof Problem)) throw error
}

/** Opens the instance of a match that is ready, once. Throws world.full and world.busy: ask again. */
export async function openMatch(deps: MatchDeps, realmId: string, matchId: string): Promise<void> {
  const { store, runtime, content } = deps
  const match = await readMatch(store, runtime.now(), realmId, matchId)
  if (match?.state !== 'ready') return
  const { title: name, zone, difficulty } = content.queues.get(match.queue) ?? {}
  // The queue has gone from the content: nobody can play it.
  if (zone === undefined || name === undefined) return
  let tell = () => {}
  const op = operationOf(['match.open', realmId, matchId], {})
  await once(deps, op, async () => {
    const { members } = match
    const teams = Map.groupBy(members, ({ team }) => team)
    const planned = await planPrivate(deps, realmId, {
      instance: matchId,
      zone,
      difficulty,
      members,
      name,
      match: {
        queue: match.queue,
        teams: [...teams].map(([team, own]) => ({
          name: team,
          members: own.map(({ characterId }) => characterId),
        })),
      },
    })
    tell = planned.tell
    const rating = ratingOfQueue(content, match.queue)
    const result = openResult(realmId, matchId, {
      queue: match.queue,
      ...(rating === undefined ? {} : { rating }),
      teams: [...teams].map(([team, own]) => ({
        name: team,
        players: own.map(({ accountId, characterId }) => ({ accountId, characterId })),
      })),
      openedAt: runtime.now(),
    })
    const open = matchWrite(realmId, match, { ...match, state: 'open' })
    return { steps: [...planned.steps, { write: open }, { write: result }], answer: {} }
  })
  tell()
}

/** Ends a match that nobody plays in time (match.ts). Whoever has not accepted leaves the queue. */
export async function expireMatch(
  deps: MatchDeps,
  realmId: string,
  matchId: string,
): Promise<Match | undefined> {
  const { store, runtime } = deps
  const before = await readMatch(store, runtime.now(), realmId, matchId)
  const graceMs = { asks: acceptGraceMs, ready: openGraceMs }
  const after = before && expire(before, runtime.now(), graceMs)
  if (before === undefined || after === undefined) return before
  const silent = before.members.filter(({ accepted }) => !accepted)
  const op = operationOf(['match.expire', realmId, matchId], {})
  await once(deps, op, async () => {
    const because = silent.map(({ characterId }) => characterId)
    return { steps: await failSteps(deps, realmId, { before, because }), answer: {} }
  })
  deps.push.hint('presence', realmId, accountsOf(before))
  return after
}
