// The e-mail address of an account: for recovery, and for what its owner must hear. Only a verified one counts.
import type { OperationId, PlayerCaller } from '#shared/api/endpoint.ts'
import type { EmailSender } from '#shared/email/email.ts'
import { emailLinkMs } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import { once } from '../http/once.ts'
import { readAccountRows } from './account-rows.ts'
import { disownEmail, ownEmail, pendingUpdate, verifiedUpdate } from './email-store.ts'
import { changedEmail, verifyEmail } from './email-texts.ts'
import { newLinkSecret, readLinkSecret } from './link-secret.ts'
import { about, limit } from './own.ts'
import { inform, provePassword, requirePresent, tell } from './present.ts'
import type { AccountDeps } from './present.ts'

/** Throws auth.email_off. */
export function requireSender({ email }: Pick<AccountDeps, 'email'>): EmailSender {
  if (email.sender === undefined) throw new Problem('auth.email_off')
  return email.sender
}

/**
 * Sends a link that verifies an address. Sent again: the same link, once more. Throws auth.email_off,
 * auth.no_login_name, auth.invalid_credentials, auth.email_unavailable.
 */
export async function setEmail(
  deps: AccountDeps,
  caller: PlayerCaller,
  { address, password }: { address: string; password: string },
  op: OperationId,
): Promise<void> {
  const sender = requireSender(deps)
  const { accountId } = caller
  const { account } = await requirePresent(deps, caller)
  await provePassword(deps, accountId, account, password)
  await limit(deps, 'email.account', accountId)
  await limit(deps, 'email.mailbox', address.toLowerCase())
  const { secret, hash } = newLinkSecret(deps.keys, accountId, op, 'verify')
  const until = deps.runtime.now() + emailLinkMs
  await once(deps, about(op, `email ${accountId} ${address}`), async () => ({
    steps: [{ write: pendingUpdate(accountId, { address, hash, until }) }],
    answer: {},
  }))
  await sender.send(verifyEmail(deps, address, secret)).catch((cause: unknown) => {
    throw new Problem('auth.email_unavailable', { retryAfterS: 5, cause })
  })
}

/**
 * Verifies the address that waits. Only here, to who has its mailbox, is said that another account has it. Throws
 * auth.secret_refused, auth.email_taken.
 */
export async function confirmEmail(
  deps: AccountDeps,
  secret: string,
  op: OperationId,
): Promise<void> {
  const { accountId, hash } = readLinkSecret(secret)
  let before: string | undefined
  await once(deps, about(op, `verify ${hash}`), async () => {
    const { email } = await readAccountRows(deps.store, accountId)
    const { pending, pendingHash, pendingUntil = 0 } = email ?? {}
    if (pending === undefined || pendingHash !== hash || pendingUntil <= deps.runtime.now()) {
      throw new Problem('auth.secret_refused')
    }
    before = email?.address
    const other = before !== undefined && before.toLowerCase() !== pending.toLowerCase()
    return {
      steps: [
        { write: ownEmail(accountId, pending), otherwise: 'auth.email_taken' },
        { write: verifiedUpdate(accountId, pending, hash) },
        ...(other ? [{ write: disownEmail(before!) }] : []),
        ...tell(deps, accountId, 'email'),
      ],
      answer: {},
    }
  })
  if (before !== undefined) {
    await inform(deps, changedEmail(deps, before, 'Your account has another e-mail address now.'))
  }
}
