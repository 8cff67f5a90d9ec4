// Nobody stays in a ticket whose party he has left, or whose character is deleted: the ticket is over for all who are in
// it, and they are told by whom. What a party is and what waits for it never differ: each of the two changes on condition
// that the other is as it was read.
import { notify } from '#shared/notifications/mailbox.ts'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { OperationDeps, Step } from '#shared/store/commit.ts'
import { once } from '../http/once.ts'
import type { RowPermission } from '../http/rows.ts'
import { accountsOf, failSteps } from './failing.ts'
import { noteWrite, queuedCheck, readMatch, readQueued, readTicket, ticketWrite } from './store.ts'
import type { Ticket } from './store.ts'

type One = { accountId: string; characterId: string }

/** What belongs into the transaction of a departure, and who looks again after it. */
export type Departure = { steps: Step<never>[]; tell: string[] }

/** For who makes a character leave. */
export const departureRows: RowPermission[] = [
  {
    table: 'volatile',
    partition: 'R#{realm}#QUEUED#*',
    actions: ['GetItem', 'ConditionCheckItem'],
  },
  {
    table: 'volatile',
    partition: 'R#{realm}#QUEUED#*',
    actions: ['PutItem'],
    unused: 'A match asks when its member leaves; test/functions/departure.test.ts does it.',
  },
  { table: 'volatile', partition: 'R#{realm}#QUEUE#*', actions: ['GetItem'] },
  {
    table: 'volatile',
    partition: 'R#{realm}#QUEUE#*',
    actions: ['UpdateItem', 'PutItem'],
    unused: 'A party waits when its member leaves; test/functions/departure.test.ts does it.',
  },
  { table: 'volatile', partition: 'R#{realm}#MATCH#*', actions: ['GetItem'] },
  {
    table: 'volatile',
    partition: 'R#{realm}#MATCH#*',
    actions: ['PutItem'],
    unused: 'A match asks when its member leaves; test/functions/departure.test.ts does it.',
  },
]

/**
 * Ends the ticket that a character is in with others; a match that still asks fails for its ticket alone. `by`: who does
 * it, and waits before he queues again if a match fails by it. `alone`: a ticket of its own too. One trip for who is in no
 * queue.
 */
export async function departureSteps(
  deps: OperationDeps,
  realmId: string,
  { who, by, alone = false }: { who: One; by: One; alone?: boolean },
): Promise<Departure> {
  const { store, runtime } = deps
  const now = runtime.now()
  const queued = await readQueued(store, now, realmId, who.accountId)
  // None is taken meanwhile.
  const none = { steps: [{ write: queuedCheck(realmId, who.accountId, queued, now) }], tell: [] }
  if (queued === undefined || queued.penalty !== undefined) return none
  const ticket = await readTicket(store, now, realmId, queued)
  const me = ticket?.players.find(({ characterId }) => characterId === who.characterId)
  if (ticket === undefined || me === undefined) return none
  if (ticket.players.length === 1 && !alone) return none
  const told = toldOfLeaving(runtime, realmId, ticket, me)
  if (ticket.state === 'waits') {
    const over = ticketWrite(realmId, ticket, { state: 'waits' }, { state: 'cancelled' })
    const note = noteWrite(realmId, ticket, { id: newId(runtime), now })
    const accounts = ticket.players.map(({ accountId }) => accountId)
    return { steps: [{ write: over }, { write: note }, ...told], tell: accounts }
  }
  if (ticket.state !== 'matched' || ticket.match === undefined) return none
  const match = await readMatch(store, now, realmId, ticket.match)
  // Its instance opens, or is open: who its members are stays.
  if (match?.state !== 'asks') return none
  const penalty = [by.characterId]
  const failed = await failSteps(deps, realmId, {
    before: match,
    because: [who.characterId],
    penalty,
  })
  return { steps: [...failed, ...told], tell: accountsOf(match) }
}

/** The others of a ticket are told who has ended it. */
export function toldOfLeaving(
  runtime: Runtime,
  realmId: string,
  { queue: queueId, players }: Pick<Ticket, 'queue' | 'players'>,
  { characterId: by, name }: Ticket['players'][number],
): Step<never>[] {
  return players
    .filter(({ characterId }) => characterId !== by)
    .map(({ accountId, characterId }) => {
      const news = { kind: 'queue.left' as const, characterId, name, queueId }
      return { write: notify(runtime, { realmId, accountId }, news) }
    })
}

/** After the deletion of a character: it waits in no queue. Nothing happens when it has happened before. */
export async function leaveQueueAsDeleted(
  deps: OperationDeps,
  { realmId, accountId, characterId }: One & { realmId: string },
): Promise<void> {
  const queued = await readQueued(deps.store, deps.runtime.now(), realmId, accountId)
  if (queued === undefined) return
  const who = { accountId, characterId }
  const op = operationOf(['queue.leave-as-deleted', realmId, characterId, queued.ticketId], {})
  await once(deps, op, async () => {
    const { steps } = await departureSteps(deps, realmId, { who, by: who, alone: true })
    return { steps, answer: {} }
  })
}
