// The answers to a match: all accept, and its instance is opened; one declines, and the others go back to where they
// were in the queue.
import type { Acting } from '../parties/parties.ts'
import { planPrivate } from '../world/world.ts'
import type { PrivateDeps } from '../world/world.ts'
import { acceptGraceMs, declinePenaltyMs, openGraceMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import { openResult, ratingOfQueue } from '#shared/results/rows.ts'
import { newId } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import { once } from '../http/once.ts'
import { accept, decline, expire } from './match.ts'
import type { Match } from './match.ts'
import { matchWrite, noteWrite, penaltyWrite, readMatch, readTicket, ticketWrite } from './store.ts'
import type { Ticket } from './store.ts'

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
      const steps = await failSteps(deps, realmId, before, after, [characterId])
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

const accountsOf = ({ members }: Match) => [...new Set(members.map((one) => one.accountId))]

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
    const ids = silent.map(({ characterId }) => characterId)
    return { steps: await failSteps(deps, realmId, before, after, ids), answer: {} }
  })
  deps.push.hint('presence', realmId, accountsOf(before))
  return after
}

/**
 * A match fails because of some of its players. Their tickets are over, and they wait before they queue again; the
 * other tickets wait on, as old as they are.
 */
async function failSteps(
  { store, runtime }: MatchDeps,
  realmId: string,
  before: Match,
  after: Match,
  because: readonly string[],
): Promise<Step<never>[]> {
  const { matchId, queue } = before
  const now = runtime.now()
  const tickets = await Promise.all(
    before.tickets.map(
      async (ticketId) => await readTicket(store, now, realmId, { queue, ticketId }),
    ),
  )
  const from = { state: 'matched', match: matchId } as const
  const isGuilty = ({ players }: Ticket) =>
    players.some(({ characterId }) => because.includes(characterId))
  return [
    { write: matchWrite(realmId, before, after) },
    ...tickets.flatMap((ticket): Step<never>[] => {
      if (ticket === undefined) return []
      const guilty = isGuilty(ticket)
      const to = { state: guilty ? ('declined' as const) : ('waits' as const) }
      const again = noteWrite(realmId, ticket, { id: newId(runtime), now })
      return [
        { write: ticketWrite(realmId, ticket, from, to) },
        ...(guilty ? [] : [{ write: again }]),
      ]
    }),
    ...tickets.flatMap((ticket) =>
      (ticket?.players ?? [])
        .filter(({ characterId }) => because.includes(characterId))
        .map(({ accountId }) => {
          const until = now + declinePenaltyMs
          return {
            write: penaltyWrite(realmId, accountId, { queue, ticketId: ticket!.ticketId }, until),
          }
        }),
    ),
  ]
}
