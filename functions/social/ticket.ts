// Tickets of the social socket: a secret that names its player, used once within 30 s. A player has one that counts.
// Asking again gives another one, so a lost answer does no harm.
import { createHash } from 'node:crypto'
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import { ticketMs } from '#shared/limits.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import type { Sockets } from '#shared/push/sockets.ts'
import { isUuid } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { requireSession } from '../auth/auth.ts'
import { ticketPut } from './store.ts'

/** Two trips. Throws social.unavailable, auth.session_revoked, auth.banned. */
export async function giveTicket(
  deps: { store: Store; runtime: Runtime; sockets: Pick<Sockets, 'address'> },
  realmId: string,
  caller: PlayerCaller,
): Promise<{ address: string; ticket: string; expiresAt: number }> {
  const { address } = deps.sockets
  if (address === undefined) throw new Problem('social.unavailable')
  await requireSession(deps, caller)
  const { accountId } = caller
  const ticket = `${realmId}.${accountId}.${Buffer.from(deps.runtime.randomBytes(32)).toString('base64url')}`
  const now = deps.runtime.now()
  await deps.store.put(ticketPut({ realmId, accountId }, hashOf(ticket), now))
  return { address, ticket, expiresAt: now + ticketMs }
}

/** Whose ticket it is, if it is a ticket, and the hash under which it is kept. */
export function readTicket(ticket: string): { of: Player; hash: string } | undefined {
  const [realmId, accountId, secret, ...more] = ticket.split('.')
  if (!realmId || !accountId || !secret || more.length > 0 || !isUuid(accountId)) return undefined
  return { of: { realmId, accountId }, hash: hashOf(ticket) }
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64url')
}
