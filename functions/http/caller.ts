// Who calls, from the Authorization header (RFC 6750).
import type { Identity, Operator, Player, Service } from '#shared/api/endpoint.ts'
import { verifyServiceToken } from '#shared/keys/service.ts'
import type { ServiceKeys } from '#shared/keys/service.ts'
import type { VerifyKeys } from '#shared/ownership/ticket.ts'
import { Problem } from '#shared/problem.ts'
import { verifyAccessToken, verifyOperatorToken } from './token.ts'

/** `subject` is what limits by account count. */
export type Caller = {
  player?: Player
  operator?: Operator
  service?: Service
  subject?: string
}

export type CallerDeps = {
  verifyKeys: VerifyKeys
  /** Keys of zone hosts; an app without routes for them needs none. */
  serviceKeys?: ServiceKeys
}

/**
 * Throws auth.required, auth.expired, or auth.forbidden for a player who is no operator. No I/O but for
 * a host's key that is not known yet.
 */
export async function readCaller(
  deps: CallerDeps,
  identity: Identity,
  now: number,
  authorization: string | null,
): Promise<Caller> {
  switch (identity) {
    case 'anyone':
      return {}
    case 'player': {
      const player = genuine(await verifyAccessToken(deps.verifyKeys, now, bearer(authorization)))
      return { player, subject: player.accountId }
    }
    case 'operator': {
      const operator = await readOperator(deps.verifyKeys, now, bearer(authorization))
      return { operator, subject: operator.operatorId }
    }
    case 'service': {
      const keys = deps.serviceKeys
      if (keys === undefined) throw new Error('routes for services need serviceKeys')
      const service = genuine(await verifyServiceToken(keys, now, bearer(authorization)))
      return { service, subject: service.bootId }
    }
  }
}

async function readOperator(keys: VerifyKeys, now: number, token: string): Promise<Operator> {
  const player = await verifyAccessToken(keys, now, token)
  if (player === 'invalid') return genuine(await verifyOperatorToken(keys, now, token))
  const { accountId, issuedAt, role } = genuine(player)
  if (role !== 'operator') throw new Problem('auth.forbidden')
  return { operatorId: accountId, accountId, issuedAt }
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
