// What operators see of queues and do with them: each act with its reason, in one transaction with its audit entry.
import type { AuditEntry } from '#shared/api/admin/audit.ts'
import type {
  ClosedQueue,
  QueuedMatchView,
  QueuedTicketView,
  QueueStateView,
} from '#shared/api/admin/queues.ts'
import type { OperationId, OperatorCaller } from '#shared/api/endpoint.ts'
import type { WhyView } from '#shared/api/matchmaking.ts'
import type { PageQuery } from '#shared/api/page.ts'
import type { Queue } from '#shared/content/content.ts'
import { queueFarBackMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Push } from '#shared/push/push.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Step } from '#shared/store/commit.ts'
import { auditWrite, findAccount, stillMay } from '../admin/admin.ts'
import { once } from '../http/once.ts'
import { readCursor, writeCursor } from '../http/page.ts'
import type { Realms } from '../http/realms.ts'
import { closeWrite, openWrite, readClosed } from './closure.ts'
import { cancelWrites, tellOut } from './cancelling.ts'
import { askWhy } from './explaining.ts'
import type { ExplainDeps } from './explaining.ts'
import { readMatcher } from './lease.ts'
import type { Match } from './match.ts'
import {
  forgiveWrite,
  idAt,
  noteWrite,
  readLog,
  readMatch,
  readQueued,
  readTicket,
} from './store.ts'
import type { Ticket } from './store.ts'
import { queueOf } from './tickets.ts'
import type { QueueDeps } from './tickets.ts'

export type OperateDeps = QueueDeps &
  Omit<ExplainDeps, 'runtime'> & { runtime: Runtime; realms: Realms; push: Pick<Push, 'hint'> }

/** Who acts, why, and by which request. */
export type Act = { operator: OperatorCaller; realmId: string; reason: string; op: OperationId }

/** Rows of a queue that are read for its state, and matches; a queue with more is counted from below. */
const rowsRead = 5000
const matchesRead = 100
/** Rows of a shard read for one page of tickets at most: notes and tickets that are over lie between. */
const rowsAPage = 1000
/** How often why a ticket waits is looked for, and how long in all, ms: an answer comes with the next beat but one. */
const whyPollMs = 500
const whyWaitMs = 3000

/** The queues of a realm, side by side; each costs what lies in its log since the oldest that may wait. */
export async function queueStates(
  deps: OperateDeps,
  realmId: string,
): Promise<{ queues: QueueStateView[] }> {
  const queues = [...deps.content.queues.values()]
  return { queues: await Promise.all(queues.map((queue) => stateOf(deps, realmId, queue))) }
}

async function stateOf(
  { store, runtime }: OperateDeps,
  realmId: string,
  queue: Queue,
): Promise<QueueStateView> {
  const now = runtime.now()
  const [{ tickets, more }, matcher, closed] = await Promise.all([
    readLog(store, now, realmId, queue.id, { since: oldest(queue, now), rows: rowsRead }),
    readMatcher(store, realmId, queue.id),
    readClosed(store, now, realmId, queue.id),
  ])
  const waiting = tickets.filter(({ state }) => state === 'waits')
  const ids = new Set(tickets.flatMap(({ state, match }) => (state === 'matched' && match) || []))
  const latest = [...ids].slice(-matchesRead)
  const matches = await Promise.all(latest.map((id) => readMatch(store, now, realmId, id)))
  const inState = (state: Match['state']) => matches.filter((one) => one?.state === state).length
  const first = waiting[0]
  return {
    queueId: queue.id,
    title: queue.title,
    zone: queue.zone,
    tickets: waiting.length,
    players: waiting.reduce((sum, { players }) => sum + players.length, 0),
    ...(first && { waitsSince: first.createdAt }),
    asked: inState('asks'),
    opening: inState('ready'),
    atLeast: more || ids.size > latest.length,
    ...(matcher !== undefined && matcher.until > now
      ? { matcher: { process: matcher.owner, until: matcher.until } }
      : {}),
    ...(closed && { closed }),
  }
}

/** No ticket that waits is older. */
function oldest({ timeoutSeconds }: Queue, now: number): string {
  return idAt(now - timeoutSeconds * 1000 - queueFarBackMs)
}

/** Those that wait, the oldest first. Throws queue.unknown, request.cursor. A trip a shard, or some more. */
export async function listTickets(
  deps: OperateDeps,
  { realmId, queueId }: { realmId: string; queueId: string },
  { limit, after }: PageQuery,
): Promise<{ entries: QueuedTicketView[]; next?: string }> {
  const queue = queueOf(deps, queueId)
  const list = 'matchmaking.queueTickets'
  const now = deps.runtime.now()
  const since = after === undefined ? oldest(queue, now) : readCursor(list, after).id
  const log = await readLog(deps.store, now, realmId, queueId, { since, rows: rowsAPage })
  const waiting = log.tickets.filter(({ state }) => state === 'waits')
  const entries = waiting.slice(0, limit)
  const rest = waiting.length > limit
  const last = rest ? entries.at(-1)!.ticketId : log.readTo
  if (!rest && !log.more) return { entries: entries.map(ticketView) }
  return { entries: entries.map(ticketView), next: writeCursor(list, { at: 0, id: last }) }
}

function ticketView({ ticketId, queue, state, createdAt, until, match, players }: Ticket) {
  return {
    ticketId,
    queueId: queue,
    state,
    createdAt,
    until,
    ...(match === undefined ? {} : { matchId: match }),
    players: players.map(({ accountId, ...one }) => ({ playerId: accountId, ...one })),
  }
}

/** Throws admin.player_unknown, admin.ambiguous. Takes up to 3 s for one that waits. */
export async function queuedPlayer(
  deps: OperateDeps,
  { realmId, who }: { realmId: string; who: string },
): Promise<{
  accountId: string
  ticket?: QueuedTicketView & { why?: WhyView }
  match?: QueuedMatchView
  penaltyUntil?: number
}> {
  const { store, runtime } = deps
  const accountId = await findAccount(deps, who)
  const now = runtime.now()
  const queued = await readQueued(store, now, realmId, accountId)
  if (queued === undefined) return { accountId }
  if (queued.penalty !== undefined && queued.penalty > now) {
    return { accountId, penaltyUntil: queued.penalty }
  }
  const ticket = await readTicket(store, now, realmId, queued)
  if (ticket === undefined) return { accountId }
  const [why, match] = await Promise.all([
    ticket.state === 'waits' ? whyOf(deps, realmId, ticket) : undefined,
    ticket.match === undefined ? undefined : readMatch(store, now, realmId, ticket.match),
  ])
  return {
    accountId,
    ticket: { ...ticketView(ticket), ...(why && { why }) },
    ...(match && { match: matchView(match) }),
  }
}

function matchView({ matchId, state, until, members }: Match): QueuedMatchView {
  return {
    matchId,
    state,
    until,
    members: members.map(({ accountId, ...one }) => ({ playerId: accountId, ...one })),
  }
}

async function whyOf(
  deps: OperateDeps,
  realmId: string,
  ticket: Ticket,
): Promise<WhyView | undefined> {
  for (let waitedMs = 0; ; waitedMs += whyPollMs) {
    const why = await askWhy(deps, realmId, ticket)
    if (why !== undefined || waitedMs >= whyWaitMs) return why
    await deps.runtime.sleep(whyPollMs)
  }
}

/** Throws queue.unknown, admin.ticket_over, auth.forbidden, operation.mismatch. */
export async function cancelTicket(
  deps: OperateDeps,
  act: Act,
  { queueId, ticketId }: { queueId: string; ticketId: string },
): Promise<void> {
  const queue = queueOf(deps, queueId)
  let accounts: string[] = []
  await once(deps, act.op, async () => {
    const { store, runtime } = deps
    const now = runtime.now()
    const ticket = await readTicket(store, now, act.realmId, { queue: queueId, ticketId })
    if (ticket?.state !== 'waits') {
      const detail = ticket?.state === 'matched' ? 'It is in a match.' : undefined
      throw new Problem('admin.ticket_over', { detail })
    }
    accounts = ticket.players.map(({ accountId }) => accountId)
    const what = `${queueId}: ${accounts.join(', ')}`
    const writes = cancelWrites(deps, act.realmId, queue, ticket)
    return {
      steps: [
        ...audited(deps, act, { action: 'queue.cancel', target: ticketId, what }),
        ...writes.map((write) => ({ write })),
        { write: noteWrite(act.realmId, ticket, { id: newId(runtime), now }) },
      ],
      answer: {},
    }
  })
  tellOut(deps, act.realmId, accounts)
}

/** Throws admin.player_unknown, admin.ambiguous, admin.no_penalty, auth.forbidden, operation.mismatch. */
export async function forgive(
  deps: OperateDeps,
  act: Act,
  who: string,
): Promise<{ accountId: string }> {
  return await once(deps, act.op, async () => {
    const accountId = await findAccount(deps, who)
    const now = deps.runtime.now()
    const queued = await readQueued(deps.store, now, act.realmId, accountId)
    if (queued?.penalty === undefined || queued.penalty <= now) {
      throw new Problem('admin.no_penalty')
    }
    return {
      steps: [
        ...audited(deps, act, { action: 'queue.forgive', target: accountId, what: queued.queue }),
        { write: forgiveWrite(act.realmId, accountId, queued) },
      ],
      answer: { accountId },
    }
  })
}

/** Who matches the queue gives up who waits. Throws queue.unknown, auth.forbidden, operation.mismatch. */
export async function closeQueue(
  deps: OperateDeps,
  act: Act,
  { queueId, text, forS }: { queueId: string; text: string; forS: number },
): Promise<ClosedQueue> {
  queueOf(deps, queueId)
  return await once(deps, act.op, async () => {
    const closed = { text, until: deps.runtime.now() + forS * 1000 }
    const target = `${act.realmId} ${queueId}`
    return await Promise.resolve({
      steps: [
        ...audited(deps, act, { action: 'queue.close', target, what: text }),
        { write: closeWrite(act.realmId, queueId, closed) },
      ],
      answer: closed,
    })
  })
}

/** Throws queue.unknown, admin.queue_open, auth.forbidden, operation.mismatch. */
export async function openQueue(deps: OperateDeps, act: Act, queueId: string): Promise<void> {
  queueOf(deps, queueId)
  const target = `${act.realmId} ${queueId}`
  await once(deps, act.op, async () => {
    return await Promise.resolve({
      steps: [
        ...audited(deps, act, { action: 'queue.open', target, what: '' }),
        {
          write: openWrite(act.realmId, queueId, deps.runtime.now()),
          otherwise: 'admin.queue_open' as const,
        },
      ],
      answer: {},
    })
  })
}

/** The audit entry of an act, and the right to it. */
function audited(
  { runtime }: OperateDeps,
  { operator, reason, op }: Act,
  action: Pick<AuditEntry, 'target' | 'what'> & {
    action: Extract<AuditEntry['action'], `queue.${string}`>
  },
): Step<ProblemCode>[] {
  const { write } = auditWrite(runtime, operator, op, { ...action, reason })
  return [...stillMay({ runtime }, operator), { write }]
}
