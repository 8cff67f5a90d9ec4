// Who is logged in and changes his account: what all such requests ask first, and how he is told.
import type { PlayerCaller } from '#shared/api/endpoint.ts'
import type { Email, EmailPart } from '#shared/email/email.ts'
import { notify } from '#shared/notifications/mailbox.ts'
import type { AccountChange } from '#shared/notifications/notification.ts'
import { Problem } from '#shared/problem.ts'
import type { Write } from '#shared/store/store.ts'
import type { Log } from '#shared/telemetry/log.ts'
import { readAccountRows } from './account-rows.ts'
import type { AccountRows } from './account-rows.ts'
import { refuseBanned } from './ban.ts'
import { limit } from './own.ts'
import type { AuthDeps } from './auth.ts'
import { readLogin } from './store.ts'
import type { AccountRow, LoginRow } from './store.ts'

export type AccountDeps = AuthDeps & { email: EmailPart; log: Pick<Log, 'error'> }

export type Present = Omit<AccountRows, 'account'> & { account: AccountRow }

/**
 * All of the caller's account. An access token outlives a log-out by minutes, and this changes who gets in: so the
 * session must still be there. One trip. Throws auth.session_revoked, auth.banned.
 */
export async function requirePresent(
  deps: Pick<AuthDeps, 'store' | 'runtime'>,
  { accountId, loginSessionId, era }: PlayerCaller,
): Promise<Present> {
  const { account, ...rows } = await readAccountRows(deps.store, accountId)
  const session = rows.sessions.find(({ familyId }) => familyId === loginSessionId)
  if (account !== undefined) refuseBanned(account, deps.runtime.now())
  if (account?.era !== era || session === undefined || session.revoked) {
    throw new Problem('auth.session_revoked')
  }
  return { account, ...rows }
}

/**
 * The log-in name, if this is its password. Two counts and one trip before the hash. Throws auth.no_login_name,
 * auth.invalid_credentials, request.rate_limited, auth.busy.
 */
export async function provePassword(
  deps: Pick<AuthDeps, 'store' | 'limiter' | 'hasher'>,
  accountId: string,
  { loginName }: Pick<AccountRow, 'loginName'>,
  password: string,
): Promise<{ loginName: string; login: LoginRow }> {
  if (loginName === undefined) {
    const detail = 'An account of before learns its name when the player logs in by it.'
    throw new Problem('auth.no_login_name', { detail })
  }
  await limit(deps, 'password.account', accountId)
  const login = await readLogin(deps.store, loginName)
  const right = await deps.hasher.verify(password, login?.password)
  if (login === undefined || !right) throw new Problem('auth.invalid_credentials')
  return { loginName, login }
}

/** Tells the player in each realm that is served here, in the transaction of the change. */
export function tell(
  { runtime, realms }: Pick<AuthDeps, 'runtime' | 'realms'>,
  accountId: string,
  what: AccountChange,
): { write: Write }[] {
  return [...realms.here].map((realmId) => ({
    write: notify(runtime, { realmId, accountId }, { kind: 'account.changed', what }),
  }))
}

/** An e-mail beside what is done already: whether it goes out changes nothing. */
export async function inform(
  { email, log }: Pick<AccountDeps, 'email' | 'log'>,
  text: Email,
): Promise<void> {
  await email.sender?.send(text).catch((cause: unknown) => {
    log.error('an e-mail to a player could not be sent', { cause })
  })
}
