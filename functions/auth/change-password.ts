// A new password, by who knows the present one.
import type { PasswordSession } from '#shared/api/auth.ts'
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import { Problem } from '#shared/problem.ts'
import { checkPassword } from './auth.ts'
import { newDeviceToken } from './device-token.ts'
import { changedEmail } from './email-texts.ts'
import { about, orTwin } from './own.ts'
import { inform, provePassword, requirePresent, tell } from './present.ts'
import type { AccountDeps } from './present.ts'
import { firstTokens, openSession, reopened } from './sessions.ts'
import { eraUpdate, nextEra, passwordUpdate, readAccount, readLogin } from './store.ts'

type Change = { present: string; password: string }

/**
 * Begins the next era of the account, in which the caller has the only session. A repeat must know the new password.
 * Five trips. Throws auth.no_login_name, auth.invalid_credentials, auth.password_refused, auth.busy,
 * operation.mismatch, operation.superseded.
 */
export async function changePassword(
  deps: AccountDeps,
  caller: PlayerCaller,
  change: Change,
  { agent, op }: { agent: string | undefined; op: OperationId },
): Promise<PasswordSession> {
  const { accountId } = caller
  const changing = about(op, `password ${accountId}`)
  let address: string | undefined
  const opened = await orTwin(
    () => reopened(deps, changing),
    async () => {
      const { account, sessions, email } = await requirePresent(deps, caller)
      const { loginName, login } = await provePassword(deps, accountId, account, change.present)
      checkPassword(change.password, loginName)
      const password = await deps.hasher.hash(change.password)
      address = email?.address
      const opener = { accountId, era: nextEra(account.era), sessions, agent }
      return await openSession(deps, changing, opener, [
        { write: passwordUpdate(loginName, login.password, password) },
        { write: eraUpdate(accountId, account.era) },
        ...tell(deps, accountId, 'password'),
      ])
    },
  )
  const account = await readAccount(deps.store, accountId)
  const loginName = account?.loginName
  if (account === undefined || loginName === undefined) throw new Problem('operation.superseded')
  if (opened.repeated) await requireSame(deps, loginName, change.password)
  else if (address !== undefined) {
    await inform(deps, changedEmail(deps, address, 'The password of your account was changed.'))
  }
  const session = await firstTokens(deps, opened, account)
  return { ...session, deviceToken: newDeviceToken(deps.keys, deps.runtime, loginName) }
}

/** Throws operation.mismatch: a repeat with another password. */
export async function requireSame(
  { store, hasher }: Pick<AccountDeps, 'store' | 'hasher'>,
  loginName: string,
  password: string,
): Promise<void> {
  const login = await readLogin(store, loginName)
  if (!(await hasher.verify(password, login?.password))) throw new Problem('operation.mismatch')
}
