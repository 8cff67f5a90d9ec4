// A log-in name for an account that has none: a guest's, or one that a provider opens. The account is the same one
// before and after, so nothing has to move.
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import { answerOf } from '#shared/http/operation.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { commit } from '#shared/store/commit.ts'
import { checkCredentials } from './auth.ts'
import { requireSame } from './change-password.ts'
import { newDeviceToken } from './device-token.ts'
import { about, limit } from './own.ts'
import { requirePresent, tell } from './present.ts'
import type { AccountDeps } from './present.ts'
import { newLogin, readLogin, upgradeUpdate } from './store.ts'
import type { AccountRow } from './store.ts'

export type Upgrade = { loginName: string; password: string; forgetDevice?: boolean | undefined }

/**
 * Adds a log-in name and a password. A repeat must know the password, as that of a registration. Three trips. Throws
 * auth.has_login_name, auth.name_taken, auth.name_refused, auth.password_refused, auth.busy, operation.mismatch.
 */
export async function upgrade(
  deps: AccountDeps,
  caller: PlayerCaller,
  { forgetDevice = false, ...credentials }: Upgrade,
  op: OperationId,
): Promise<{ deviceToken: string }> {
  const { accountId } = caller
  const loginName = checkCredentials(credentials)
  const { account } = await requirePresent(deps, caller)
  await limit(deps, 'password.account', accountId)
  const deviceToken = newDeviceToken(deps.keys, deps.runtime, loginName)
  const there = await readLogin(deps.store, loginName)
  if (there?.operation !== op.hash) {
    if (!isWithoutName(account)) throw new Problem('auth.has_login_name')
    if (there !== undefined) throw new Problem('auth.name_taken')
    const password = await deps.hasher.hash(credentials.password)
    const outcome = await commit<object, ProblemCode>(deps, about(op, `upgrade ${loginName}`), {
      steps: [
        {
          write: newLogin(loginName, { accountId, password, operation: op.hash }),
          otherwise: 'auth.name_taken',
        },
        {
          write: upgradeUpdate(accountId, { loginName, forgetDevice }),
          otherwise: 'auth.has_login_name',
        },
        ...tell(deps, accountId, 'loginName'),
      ],
      answer: {},
    })
    answerOf(outcome)
    if (outcome.outcome === 'done') return { deviceToken }
  }
  await requireSame(deps, loginName, credentials.password)
  return { deviceToken }
}

/** Rows of before say neither; they are of accounts that were made with a name. */
function isWithoutName({ loginName, guest, nameless }: AccountRow): boolean {
  return loginName === undefined && (guest || nameless === true)
}
