// Who matches a queue: one process at a time, which has all waiting tickets in memory (shared/matching) and makes them
// matches in the store.
//
// The store says what is so. A match is one transaction over its tickets, each of which still waits: all or none. So two
// processes that match the same queue for a while, a ticket that is given up at the same moment, and a process that dies
// anywhere do no harm. What was refused is read again. The lease only spares work.
import type { ClosedQueue } from '#shared/api/admin/queues.ts'
import type { Queue } from '#shared/content/content.ts'
import {
  matchEveryMs,
  matcherDeadMs,
  matcherRenewMs,
  queueFarBackMs,
  queueOverlapMs,
  queueShards,
} from '#shared/limits.ts'
import { add, cancel, createMatcher, pass } from '#shared/matching/match.ts'
import type { Match as Found } from '#shared/matching/match.ts'
import { Problem } from '#shared/problem.ts'
import { newId } from '#shared/runtime.ts'
import { commit, operationOf } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { expireMatch, openMatch } from './answers.ts'
import type { MatchDeps } from './answers.ts'
import { readClosed } from './closure.ts'
import { createExplainer } from './explaining.ts'
import type { ExplainDeps } from './explaining.ts'
import { cancelWrites, tellOut } from './cancelling.ts'
import { freeMatcher, holdMatcher } from './lease.ts'
import { idAt, matchWrite, readMatch, readShard, readTicket, ticketWrite } from './store.ts'
import type { Ticket } from './store.ts'
import { rulesOf, toMatch } from './tickets.ts'

export type KeeperDeps = MatchDeps & ExplainDeps & { log: Log }

/** Tickets and matches written side by side. */
const atOnce = 16

export type Keeper = {
  /** Reads what is new, makes matches, and ends what is over. Throws StoreError: the next one goes on. */
  beat(): Promise<void>
}

export function createKeeper(deps: KeeperDeps, realmId: string, queue: Queue): Keeper {
  const { store, runtime, log } = deps
  const matcher = createMatcher(rulesOf(queue))
  const tickets = new Map<string, Ticket>()
  /** Tickets of players who seem to wait by another one, which has not been seen to be over yet. */
  const behind = new Map<string, string>()
  /** Matches that are not played yet, and when they are to be looked at. */
  const matches = new Map<string, number>()
  /** Up to when all rows were read, and when rows were looked for far back. At first all that may still wait is read. */
  let readAt = runtime.now() - queue.timeoutSeconds * 1000 - queueFarBackMs
  let farBackAt = runtime.now()
  /** Notes that were followed, by the moment of that. */
  const followed = new Map<string, number>()
  const explain = createExplainer(deps, realmId, queue.id, matcher)

  /** The ticket stands like this now. */
  const see = (ticket: Ticket): void => {
    const { ticketId, state, match } = ticket
    behind.delete(ticketId)
    if (state === 'waits') {
      tickets.set(ticketId, ticket)
      const refusal = add(matcher, toMatch(matcher.rules, ticket))
      if (refusal === undefined || refusal.code === 'ticket.known') return
      if (refusal.code === 'player.waiting') {
        behind.set(ticketId, refusal.ticketId)
        return
      }
      // The rules have changed since it was taken: it waits until its time is over.
      log.warn('a ticket fits no match', { queue: queue.id, ticketId, refusal: refusal.code })
      return
    }
    cancel(matcher, ticketId)
    tickets.delete(ticketId)
    if (state === 'matched' && match !== undefined && !matches.has(match)) matches.set(match, 0)
  }

  const look = async (ticketId: string): Promise<void> => {
    const ticket = await readTicket(store, runtime.now(), realmId, { queue: queue.id, ticketId })
    if (ticket !== undefined) return see(ticket)
    cancel(matcher, ticketId)
    tickets.delete(ticketId)
  }

  async function read(): Promise<void> {
    const now = runtime.now()
    const far = now - farBackAt >= queueOverlapMs
    const since = idAt(readAt - (far ? queueFarBackMs : queueOverlapMs))
    const shards = Array.from({ length: queueShards }, async (_, shard) => {
      return await readShard(store, now, realmId, queue.id, shard, since)
    })
    const found = await Promise.all(shards)
    for (const ticket of found.flatMap((one) => one.tickets)) {
      if (!tickets.has(ticket.ticketId)) see(ticket)
    }
    // A ticket as it was read may be older than what a note says of it: it is read anew.
    const notes = found.flatMap((one) => one.notes).filter(({ id }) => !followed.has(id))
    await forAll(new Set(notes.map(({ ticketId }) => ticketId)), look)
    for (const { id } of notes) followed.set(id, now)
    const before = [...behind]
    await forAll(new Set(before.map(([, other]) => other)), look)
    await forAll(
      before.map(([ticketId]) => ticketId),
      look,
    )
    readAt = now
    if (!far) return
    farBackAt = now
    for (const [id, at] of followed) if (now - at > 2 * queueFarBackMs) followed.delete(id)
  }

  /** Those whose time is over, or all while an operator has closed the queue. */
  async function giveUp(closed: ClosedQueue | undefined): Promise<void> {
    const now = runtime.now()
    const over = [...tickets.values()].filter(({ until }) => closed !== undefined || until <= now)
    await forAll(over, async (ticket) => {
      const accounts = ticket.players.map(({ accountId }) => accountId)
      try {
        if (closed !== undefined) {
          await store.transact(cancelWrites(deps, realmId, queue, ticket, closed.text))
          see({ ...ticket, state: 'cancelled' })
          return tellOut(deps, realmId, accounts)
        }
        const write = ticketWrite(realmId, ticket, { state: 'waits' }, { state: 'timedOut' })
        await store.transact([write])
        see({ ...ticket, state: 'timedOut' })
        deps.push.hint('presence', realmId, accounts)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await look(ticket.ticketId)
      }
    })
  }

  async function make({ tickets: matched, teams }: Found): Promise<void> {
    const now = runtime.now()
    const matchId = newId(runtime)
    const teamOf = new Map(
      teams.flatMap(({ name, playerIds }) => playerIds.map((id) => [id, name])),
    )
    const asks = queue.acceptSeconds !== undefined
    const own = matched.map(({ ticketId }) => tickets.get(ticketId)!)
    const members = own.flatMap(({ players }) =>
      players.map(({ accountId, characterId, name }) => {
        const team = teamOf.get(characterId) ?? ''
        return { accountId, characterId, name, team, accepted: !asks }
      }),
    )
    const match = {
      matchId,
      queue: queue.id,
      tickets: own.map(({ ticketId }) => ticketId),
      members,
      state: asks ? ('asks' as const) : ('ready' as const),
      until: now + (queue.acceptSeconds ?? 0) * 1000,
      number: 0,
    }
    const from = { state: 'waits' } as const
    const steps = [
      { write: matchWrite(realmId, undefined, match) },
      ...own.map((ticket) => {
        const to = { state: 'matched' as const, match: matchId }
        return { write: ticketWrite(realmId, ticket, from, to) }
      }),
    ]
    const outcome = await commit(deps, operationOf(['match', realmId, matchId], {}), {
      steps,
      answer: {},
    })
    if (outcome.outcome !== 'done' && outcome.outcome !== 'repeated') {
      // One of them waits no more: the others wait on.
      await forAll(match.tickets, look)
      return
    }
    for (const ticket of own) see({ ...ticket, state: 'matched', match: matchId })
    log.info('a match', { queue: queue.id, match: matchId, players: members.length })
    deps.push.hint(
      'presence',
      realmId,
      members.map(({ accountId }) => accountId),
    )
  }

  /** Opens what is ready, ends what was not accepted in time, and forgets what is played. */
  async function follow(): Promise<void> {
    const now = runtime.now()
    const due = [...matches].filter(([, at]) => at <= now).map(([matchId]) => matchId)
    await forAll(due, async (matchId) => {
      let match = await readMatch(store, now, realmId, matchId)
      if (match?.state === 'ready') {
        await openMatch(deps, realmId, matchId).catch(passing)
        match = await readMatch(store, runtime.now(), realmId, matchId)
      }
      if (match?.state === 'asks' || match?.state === 'ready') {
        match = await expireMatch(deps, realmId, matchId)
      }
      if (match?.state === 'asks') matches.set(matchId, now + 2 * matchEveryMs)
      else if (match?.state !== 'ready') matches.delete(matchId)
    })
  }

  return {
    async beat() {
      await read()
      await giveUp(await readClosed(store, runtime.now(), realmId, queue.id))
      const { matches: found } = pass(matcher, runtime.now())
      await forAll(found, async (one) => {
        try {
          await make(one)
        } catch (error) {
          // Whether it was made is not known: its tickets say so.
          await forAll(
            one.tickets.map(({ ticketId }) => ticketId),
            look,
          ).catch(() => {
            for (const { ticketId } of one.tickets) {
              const ticket = tickets.get(ticketId)
              if (ticket !== undefined) see(ticket)
            }
          })
          throw error
        }
      })
      await follow()
      if (tickets.size > 0) await explain()
    },
  }
}

/** The world is full, or others are faster: the next beat asks again. */
function passing(error: unknown): void {
  if (!(error instanceof Problem)) throw error
}

/** Some at once; those after one that fails are done all the same. Throws the first failure. */
async function forAll<T>(all: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all].values()
  const failures: unknown[] = []
  const run = async () => {
    for (const one of rest) await work(one).catch((error: unknown) => void failures.push(error))
  }
  await Promise.all(Array.from({ length: atOnce }, run))
  if (failures.length > 0) throw failures[0]
}

/**
 * Matches the queues of the realms until the signal is aborted, each while no other process does. A failure is logged,
 * and the next beat goes on. Ends at once where the game has no queues.
 */
export async function keepMatching(
  deps: KeeperDeps,
  realms: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const me = newId(deps.runtime)
  const keep = async (realmId: string, queue: Queue): Promise<void> => {
    let keeper: Keeper | undefined
    let heldAt = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      const now = deps.runtime.now()
      try {
        if (now - heldAt >= matcherRenewMs) {
          const held = await holdMatcher(deps.store, realmId, queue.id, me, now, matcherDeadMs)
          if (!held) keeper = undefined
          else {
            heldAt = now
            keeper ??= createKeeper(deps, realmId, queue)
          }
        }
        await keeper?.beat()
      } catch (error) {
        deps.log.warn('a queue could not be matched', { queue: queue.id, error })
        // It may have missed something.
        if (!(error instanceof StoreError)) keeper = undefined
      }
      await deps.runtime.sleep(matchEveryMs, signal).catch(() => undefined)
    }
    if (keeper !== undefined) {
      await freeMatcher(deps.store, realmId, queue.id, me).catch(() => undefined)
    }
  }
  const queues = [...deps.content.queues.values()]
  await Promise.all([...realms].flatMap((realmId) => queues.map((queue) => keep(realmId, queue))))
}
