// Secrets of links in e-mails: `1.<account>.<43 characters>`. The secret follows from the operation and a key of the
// ring, so a request that is sent again sends the same link again. The store has the hash alone.
import type { OperationId } from '#shared/api/endpoint.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { Problem } from '#shared/problem.ts'
import { digest } from './own.ts'

/** `of`: what else makes it another one. */
export function newLinkSecret(
  keys: Pick<KeyRing, 'derive'>,
  accountId: string,
  op: OperationId,
  of: string,
): { secret: string; hash: string } {
  const bytes = keys.derive(`link:${accountId}:${op.hash}:${of}`)
  const secret = `1.${accountId}.${Buffer.from(bytes).toString('base64url')}`
  return { secret, hash: digest(secret) }
}

/** Whose it says it is, and the hash by which it is found. Throws auth.secret_refused. */
export function readLinkSecret(secret: string): { accountId: string; hash: string } {
  const accountId = /^1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[A-Za-z0-9_-]{43}$/.exec(
    secret,
  )?.[1]
  if (accountId === undefined) throw new Problem('auth.secret_refused')
  return { accountId, hash: digest(secret) }
}
