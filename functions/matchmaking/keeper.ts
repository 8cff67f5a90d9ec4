// Who matches a queue: one process at a time, which has all waiting tickets in memory, lets matches be found among them
// (finder.ts), and makes these matches in the store.
//
// The store says what is so. A match is one transaction over its tickets, each of which still waits: all or none. So two
// processes that match the same queue for a while, a ticket that is given up at the same moment, and a process that dies
// anywhere do no harm. What was refused is read again. The lease only spares work.
import type { ClosedQueue } from '#shared/api/admin/queues.ts'
import type { Queue } from '#shared/content/content.ts'
import {
  matchEveryMs,
  matchIdleEveryMs,
  matcherDeadMs,
  matcherRenewMs,
  queueFarBackMs,
  queueOverlapMs,
  queueShards,
} from '#shared/limits.ts'
import type { FlexMatchPart } from '#shared/flexmatch/flexmatch.ts'
import { Problem } from '#shared/problem.ts'
import { birthOfId, newId } from '#shared/runtime.ts'
import { commit, operationOf } from '#shared/store/commit.ts'
import { StoreError } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { expireMatch, openMatch } from './answers.ts'
import type { MatchDeps } from './answers.ts'
import { createBuiltIn } from './built-in.ts'
import { cancelWrites, tellOut } from './cancelling.ts'
import { readClosed } from './closure.ts'
import type { ExplainDeps } from './explaining.ts'
import type { Over, Proposal } from './finder.ts'
import { createFlexFinder } from './flexmatch.ts'
import { freeMatcher, holdMatcher } from './lease.ts'
import { idAt, matchWrite, readMatch, readShard, readTicket, ticketWrite } from './store.ts'
import type { Ticket } from './store.ts'

export type KeeperDeps = MatchDeps &
  ExplainDeps & {
    log: Log
    /** Which queues FlexMatch matches; absent: none. */
    flexMatch?: FlexMatchPart | undefined
  }

/** Tickets and matches written side by side. */
const atOnce = 16

export type Keeper = {
  /** Reads what is new, makes matches, and ends what is over. Throws StoreError: the next one goes on. */
  beat(): Promise<void>
  /** Nobody waits, and no match is under way. */
  isIdle(): boolean
}

export function createKeeper(deps: KeeperDeps, realmId: string, queue: Queue): Keeper {
  const { store, runtime, log, flexMatch } = deps
  const configuration = flexMatch?.queues.get(queue.id)
  const finder =
    flexMatch === undefined || configuration === undefined
      ? createBuiltIn(deps, realmId, queue)
      : createFlexFinder({ ...deps, ...flexMatch, look }, realmId, queue, configuration)
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

  /** The ticket stands like this now. `lately`: it has changed in the last minute. */
  const see = (ticket: Ticket, lately = true): void => {
    const { ticketId, state, match } = ticket
    behind.delete(ticketId)
    if (state === 'waits') {
      tickets.set(ticketId, ticket)
      const other = finder.add(ticket)
      if (other !== undefined) behind.set(ticketId, other)
      return
    }
    finder.remove(ticketId, ticket, lately)
    tickets.delete(ticketId)
    if (state === 'matched' && match !== undefined && !matches.has(match)) matches.set(match, 0)
  }

  async function look(ticketId: string, lately = true): Promise<void> {
    const ticket = await readTicket(store, runtime.now(), realmId, { queue: queue.id, ticketId })
    if (ticket !== undefined) return see(ticket, lately)
    finder.remove(ticketId, undefined, false)
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
      if (!tickets.has(ticket.ticketId)) see(ticket, false)
    }
    // A ticket as it was read may be older than what a note says of it: it is read anew.
    const notes = found.flatMap((one) => one.notes).filter(({ id }) => !followed.has(id))
    const changed = new Map(
      notes.map(({ id, ticketId }) => [ticketId, now - (birthOfId(id) ?? 0) < queueFarBackMs]),
    )
    await forAll(changed, async ([ticketId, lately]) => await look(ticketId, lately))
    for (const { id } of notes) followed.set(id, now)
    for (const { id, report } of found.flatMap((one) => one.reports)) {
      if (!followed.has(id)) finder.hear(report)
      followed.set(id, now)
    }
    const before = [...behind]
    await lookAt(new Set(before.map(([, other]) => other)))
    await lookAt(before.map(([ticketId]) => ticketId))
    readAt = now
    if (!far) return
    farBackAt = now
    for (const [id, at] of followed) if (now - at > 2 * queueFarBackMs) followed.delete(id)
  }

  const lookAt = async (ticketIds: Iterable<string>): Promise<void> => {
    await forAll(ticketIds, async (ticketId) => await look(ticketId))
  }

  /** Those whose time is over, or all while an operator has closed the queue. */
  async function giveUp(closed: ClosedQueue | undefined): Promise<void> {
    if (closed !== undefined) return await takeOut(closed.text)
    const now = runtime.now()
    const over = [...tickets.values()].filter(({ until }) => until <= now)
    await end(over.map((ticket) => ({ ticket, state: 'timedOut' })))
  }

  async function takeOut(text: string): Promise<void> {
    await forAll([...tickets.values()], async (ticket) => {
      try {
        await store.transact(cancelWrites(deps, realmId, queue, ticket, text))
        see({ ...ticket, state: 'cancelled' })
        const accounts = ticket.players.map(({ accountId }) => accountId)
        tellOut(deps, realmId, accounts)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await look(ticket.ticketId)
      }
    })
  }

  async function end(over: readonly Over[]): Promise<void> {
    await forAll(over, async ({ ticket, state, sentAs }) => {
      try {
        await store.transact([ticketWrite(realmId, ticket, { state: 'waits', sentAs }, { state })])
        see({ ...ticket, state })
        const accounts = ticket.players.map(({ accountId }) => accountId)
        deps.push.hint('presence', realmId, accounts)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        await look(ticket.ticketId)
      }
    })
  }

  async function make(proposal: Proposal): Promise<void> {
    const now = runtime.now()
    const { matchId, tickets: own, teamOf } = proposal
    const asks = queue.acceptSeconds !== undefined
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
    const to = { state: 'matched' as const, match: matchId }
    const steps = [
      { write: matchWrite(realmId, undefined, match) },
      ...own.map((ticket) => {
        const from = { state: 'waits', sentAs: ticket.sentAs } as const
        return { write: ticketWrite(realmId, ticket, from, to) }
      }),
    ]
    const outcome = await commit(deps, operationOf(['match', realmId, matchId], {}), {
      steps,
      answer: {},
    })
    const made = outcome.outcome === 'done'
    // One of them waits no more, and the others wait on; or it was made before.
    if (!made) await lookAt(match.tickets)
    finder.settle(proposal, made || outcome.outcome === 'repeated')
    if (!made) return
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
      const { proposals, over } = await finder.find()
      await end(over)
      await forAll(proposals, async (one) => {
        try {
          await make(one)
        } catch (error) {
          // Whether it was made is not known: its tickets say so.
          await lookAt(one.tickets.map(({ ticketId }) => ticketId)).catch(() => {
            for (const { ticketId } of one.tickets) {
              const ticket = tickets.get(ticketId)
              if (ticket !== undefined) see(ticket)
            }
          })
          throw error
        }
      })
      await follow()
      if (tickets.size > 0) await finder.explain()
    },
    isIdle: () => tickets.size === 0 && matches.size === 0,
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
      const everyMs = keeper?.isIdle() === true ? matchIdleEveryMs : matchEveryMs
      await deps.runtime.sleep(everyMs, signal).catch(() => undefined)
    }
    if (keeper !== undefined) {
      await freeMatcher(deps.store, realmId, queue.id, me).catch(() => undefined)
    }
  }
  const queues = [...deps.content.queues.values()]
  await Promise.all([...realms].flatMap((realmId) => queues.map((queue) => keep(realmId, queue))))
}
