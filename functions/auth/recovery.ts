// A new password for who has the mailbox. Nothing here tells whether an address belongs to an account: the answers are
// the same and come at the same time, and what is counted is counted for both.
import type { OperationId } from '#shared/api/endpoint.ts'
import { answerOf } from '#shared/http/operation.ts'
import { recoveryAnswerMs, recoveryLinkMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import { commit, recall } from '#shared/store/commit.ts'
import type { EmailSender } from '#shared/email/email.ts'
import { readAccountRows } from './account-rows.ts'
import { checkPassword } from './auth.ts'
import { requireSame } from './change-password.ts'
import { requireSender } from './email.ts'
import { keepRecovery, readEmailOwner, recoveredUpdate } from './email-store.ts'
import { changedEmail, recoveryEmail } from './email-texts.ts'
import { newLinkSecret, readLinkSecret } from './link-secret.ts'
import { about, limit, orTwin } from './own.ts'
import { inform, tell } from './present.ts'
import type { AccountDeps } from './present.ts'
import { eraUpdate, passwordUpdate, readAccount, readLogin } from './store.ts'

/**
 * Sends a link for a new password, if an account has verified the address. No operation is remembered: that of a known
 * address would give itself away when its id comes with another one. Sent again: the same link. Throws auth.email_off,
 * request.rate_limited.
 */
export async function recover(deps: AccountDeps, address: string, op: OperationId): Promise<void> {
  const sender = requireSender(deps)
  await limit(deps, 'recovery.mailbox', address.toLowerCase())
  const accountId = await readEmailOwner(deps.store, address)
  const work = accountId === undefined ? undefined : sendLink(deps, sender, accountId, address, op)
  await Promise.all([
    // A failure is ours to know: the answer is that of an address that nobody has.
    work?.catch((cause: unknown) => {
      deps.log.error('an e-mail for a new password could not be sent', { cause })
    }),
    deps.runtime.sleep(recoveryAnswerMs),
  ])
}

async function sendLink(
  deps: AccountDeps,
  sender: EmailSender,
  accountId: string,
  asked: string,
  op: OperationId,
): Promise<void> {
  const { account, email } = await readAccountRows(deps.store, accountId)
  const address = email?.address
  if (account?.loginName === undefined || address?.toLowerCase() !== asked.toLowerCase()) return
  // Of an era: a request that comes late makes no link valid again that was used.
  const { secret, hash } = newLinkSecret(deps.keys, accountId, op, `recover ${account.era}`)
  const until = deps.runtime.now() + recoveryLinkMs
  await keepRecovery(deps.store, accountId, { address, hash, until })
  await sender.send(recoveryEmail(deps, address, account.loginName, secret))
}

/**
 * Sets a password by the secret of a link. Ends all sessions and voids all tokens; a second factor stays. A repeat must
 * know the password. Throws auth.secret_refused, auth.password_refused, auth.busy, operation.mismatch.
 */
export async function finishRecovery(
  deps: AccountDeps,
  { secret, password }: { secret: string; password: string },
  op: OperationId,
): Promise<{ loginName: string }> {
  const { accountId, hash } = readLinkSecret(secret)
  const recovering = about(op, `recover ${hash}`)
  let address: string | undefined
  const { repeated } = await orTwin(
    async () => {
      const known = await recall<object, ProblemCode>(deps, recovering)
      return known && { ...answerOf(known), repeated: true }
    },
    async () => {
      const { account, email } = await readAccountRows(deps.store, accountId)
      const { recoveryHash, recoveryUntil = 0 } = email ?? {}
      const loginName = account?.loginName
      const good = recoveryHash === hash && recoveryUntil > deps.runtime.now()
      const login = loginName === undefined ? undefined : await readLogin(deps.store, loginName)
      if (!good || account === undefined || loginName === undefined || login === undefined) {
        throw new Problem('auth.secret_refused')
      }
      checkPassword(password, loginName)
      const hashed = await deps.hasher.hash(password)
      address = email?.address
      const outcome = await commit<object, ProblemCode>(deps, recovering, {
        steps: [
          { write: recoveredUpdate(accountId, hash), otherwise: 'auth.secret_refused' },
          { write: passwordUpdate(loginName, login.password, hashed) },
          { write: eraUpdate(accountId, account.era) },
          ...tell(deps, accountId, 'recovered'),
        ],
        answer: {},
      })
      return { ...answerOf(outcome), repeated: outcome.outcome === 'repeated' }
    },
  )
  const loginName = (await readAccount(deps.store, accountId))?.loginName
  if (loginName === undefined) throw new Problem('auth.secret_refused')
  if (repeated) await requireSame(deps, loginName, password)
  else if (address !== undefined) {
    const what = 'A new password was set by a link from an e-mail.'
    await inform(deps, changedEmail(deps, address, what))
  }
  return { loginName }
}
