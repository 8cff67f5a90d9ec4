// The last step of every way in: a ban is refused, a second factor asked for, a session opened.
import * as z from 'zod'
import type { Session } from '#shared/api/auth.ts'
import type { OperationId } from '#shared/api/endpoint.ts'
import { secondFactorTicketMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Step } from '#shared/store/commit.ts'
import type { AccountRows } from './account-rows.ts'
import { refuseBanned } from './ban.ts'
import { keepAccount } from './erasing.ts'
import { openText, sealText } from './own.ts'
import { firstTokens, openSession } from './sessions.ts'
import type { SessionDeps } from './sessions.ts'
import type { AccountRow } from './store.ts'

/** What the ticket of a second factor carries from the first. */
const ticket = z.object({
  accountId: z.string(),
  era: z.int(),
  until: z.int(),
  /** Where the first factor was a password: its answer has a device token for the name. */
  loginName: z.string().optional(),
})

export type Ticket = z.infer<typeof ticket>

const purpose = 'second-factor-ticket'

/** What is known of who comes in. */
export type Comer = { accountId: string; agent?: string | undefined; loginName?: string }

/**
 * Opens a session for who has shown the first factor. One trip. Throws auth.banned, auth.erasing; auth.second_factor with a ticket;
 * operation.mismatch, operation.superseded, world.busy and what the steps name.
 */
export async function enterAccount(
  deps: SessionDeps,
  op: OperationId,
  comer: Comer,
  { account, rows }: { account: AccountRow; rows: Pick<AccountRows, 'sessions' | 'factor'> },
  more: readonly Step<ProblemCode | 'busy'>[] = [],
): Promise<Session> {
  refuseBanned(account, deps.runtime.now())
  const { accountId, agent } = comer
  const kept = keepAccount(accountId, account)
  if (rows.factor?.confirmedAt !== undefined) throw secondFactor(deps, comer, account)
  const opener = { accountId, era: account.era, sessions: rows.sessions, agent }
  return await firstTokens(deps, await openSession(deps, op, opener, [...kept, ...more]), account)
}

function secondFactor(
  { keys, runtime }: SessionDeps,
  { accountId, loginName }: Comer,
  { era }: AccountRow,
): Problem {
  const until = runtime.now() + secondFactorTicketMs
  const content: Ticket = {
    accountId,
    era,
    until,
    ...(loginName === undefined ? {} : { loginName }),
  }
  return new Problem('auth.second_factor', {
    detail: 'Send `observed` as the ticket, with a code, to /v1/auth/second-factor.',
    observed: sealText(keys, runtime, purpose, content),
  })
}

/** Throws auth.ticket_refused. */
export function readTicket({ keys, runtime }: SessionDeps, text: string): Ticket {
  const found = openText(keys, purpose, text, ticket)
  if (found === undefined || found.until <= runtime.now()) throw new Problem('auth.ticket_refused')
  return found
}
