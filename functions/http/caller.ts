// Who calls, from the Authorization header (RFC 6750).
import type { Caller, Identity, OperatorCaller } from '#shared/api/endpoint.ts'
import { reaches } from '#shared/api/role.ts'
import type { Role } from '#shared/api/role.ts'
import { verifyHostToken } from '#shared/keys/host.ts'
import type { HostKeys } from '#shared/keys/host.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'
import { Problem } from '#shared/problem.ts'
import { verifyAccessToken, verifyOperatorToken } from './token.ts'

export type CallerDeps = {
  verifyKeys: VerifyKeys
  /** Keys of zone hosts; an app without routes for them needs none. */
  hostKeys?: HostKeys
}

/**
 * Throws auth.required, auth.expired, or auth.forbidden for an account without the role. No I/O but for
 * a key that is not known yet; fails with StoreError.
 */
export async function readCaller(
  deps: CallerDeps,
  identity: Identity,
  now: number,
  authorization: string | null,
): Promise<Caller> {
  switch (identity) {
    case 'anyone':
      return { kind: 'anyone' }
    case 'player':
      return genuine(await verifyAccessToken(deps.verifyKeys, now, bearer(authorization)))
    case 'support':
    case 'moderator':
    case 'operator':
      return await readOperator(deps.verifyKeys, now, bearer(authorization), identity)
    case 'host': {
      const keys = deps.hostKeys
      if (keys === undefined) throw new Error('routes for hosts need hostKeys')
      const { bootId } = genuine(await verifyHostToken(keys, now, bearer(authorization)))
      return { kind: 'host', bootId }
    }
  }
}

/** What limits by account and operation ids count by; undefined for anyone. */
export function subjectOf(caller: Caller): string | undefined {
  switch (caller.kind) {
    case 'anyone':
      return undefined
    case 'player':
      return caller.accountId
    case 'operator':
      return caller.operatorId
    case 'host':
      return caller.bootId
  }
}

async function readOperator(
  keys: VerifyKeys,
  now: number,
  token: string,
  least: Role,
): Promise<OperatorCaller> {
  const player = await verifyAccessToken(keys, now, token)
  if (player === 'invalid') return genuine(await verifyOperatorToken(keys, now, token))
  const { accountId, era, role } = genuine(player)
  if (role === undefined || !reaches(role, least)) throw new Problem('auth.forbidden')
  return { kind: 'operator', role, operatorId: accountId, account: { accountId, era } }
}

function bearer(authorization: string | null): string {
  const token = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new Problem('auth.required')
  return token
}

function genuine<T extends object>(outcome: T | 'expired' | 'invalid'): T {
  if (outcome === 'expired') throw new Problem('auth.expired')
  if (outcome === 'invalid') throw new Problem('auth.required')
  return outcome
}
