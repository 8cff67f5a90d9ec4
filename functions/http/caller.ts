// Who calls, from the Authorization header (RFC 6750).
import type { Player } from '#shared/api/endpoint.ts'
import type { VerifyKeys } from '#shared/ownership/ticket.ts'
import { Problem } from '#shared/problem.ts'
import { verifyAccessToken } from './token.ts'

/** Throws auth.required or auth.expired. No I/O. */
export async function requirePlayer(
  keys: VerifyKeys,
  now: number,
  authorization: string | null,
): Promise<Player> {
  const token = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new Problem('auth.required')
  const player = await verifyAccessToken(keys, now, token)
  if (player === 'expired') throw new Problem('auth.expired')
  if (player === 'invalid') throw new Problem('auth.required')
  return player
}
