// A ticket that others than its players take out of its queue: an operator, or the queue that he has closed.
import type { Queue } from '#shared/content/content.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { Push } from '#shared/push/push.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Write } from '#shared/store/store.ts'
import { ticketWrite } from './store.ts'
import type { Ticket } from './store.ts'

/** A ticket that waits is out of its queue, and its players have it in their mailboxes. */
export function cancelWrites(
  { runtime }: { runtime: Runtime },
  realmId: string,
  { id: queueId, title }: Queue,
  ticket: Ticket,
  text?: string,
): Write[] {
  const news = {
    kind: 'queue.ended' as const,
    queueId,
    title,
    ...(text === undefined ? {} : { text }),
  }
  return [
    ticketWrite(realmId, ticket, { state: 'waits' }, { state: 'cancelled' }),
    ...ticket.players.map(({ accountId }) => notify(runtime, { realmId, accountId }, news)),
  ]
}

/** Their clients ask how they stand, and read their mailboxes. */
export function tellOut(
  { push }: { push: Pick<Push, 'hint'> },
  realmId: string,
  accounts: string[],
): void {
  if (accounts.length === 0) return
  push.hint('presence', realmId, accounts)
  push.hint('mailbox', realmId, accounts)
}
