// Access tokens: a JWT (EdDSA, typ `at+jwt`) that says who calls. Algorithm, type, issuer and audience
// are fixed here and nowhere else, so a ticket or a token of another purpose is never taken for one.
import { SignJWT, errors, jwtVerify } from 'jose'
import * as z from 'zod'
import type { Player } from '#shared/api/endpoint.ts'
import { accessTokenMs } from '#shared/limits.ts'
import type { SigningKey, VerifyKeys } from '#shared/ownership/ticket.ts'

const accessTokenType = 'at+jwt'
const accessTokenAudience = 'waystone:player'
const accessTokenIssuer = 'waystone'

/** A genuine token is under 500 bytes. */
const tokenMaxLength = 2048

const claims = z.object({
  /** Account. */
  sub: z.string().min(1),
  /** Session family. */
  sid: z.string().min(1),
  /** Guest. */
  gst: z.boolean(),
  /** Birth in milliseconds: `iat` in seconds is too coarse to compare with a log-out. */
  iatMs: z.int().min(0),
})

/** Signs a token that is valid for 15 minutes from `player.issuedAt`. */
export async function signAccessToken(
  key: SigningKey,
  player: Player,
): Promise<{ token: string; expiresAt: number }> {
  const issuedS = Math.floor(player.issuedAt / 1000)
  const expiresS = issuedS + accessTokenMs / 1000
  const token = await new SignJWT({
    sid: player.sessionId,
    gst: player.guest,
    iatMs: player.issuedAt,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: accessTokenType, kid: key.keyId })
    .setIssuer(accessTokenIssuer)
    .setAudience(accessTokenAudience)
    .setSubject(player.accountId)
    .setIssuedAt(issuedS)
    .setExpirationTime(expiresS)
    .sign(key.privateKey)
  return { token, expiresAt: expiresS * 1000 }
}

/** Who calls; `expired` is said only of a token that was genuine. No I/O. */
export async function verifyAccessToken(
  keys: VerifyKeys,
  now: number,
  token: string,
): Promise<Player | 'expired' | 'invalid'> {
  if (token.length > tokenMaxLength) return 'invalid'
  try {
    const { payload } = await jwtVerify(
      token,
      (header) => {
        const key = header.kid === undefined ? undefined : keys(header.kid)
        if (key === undefined) throw new errors.JWKSNoMatchingKey()
        return key
      },
      {
        algorithms: ['EdDSA'],
        typ: accessTokenType,
        issuer: accessTokenIssuer,
        audience: accessTokenAudience,
        requiredClaims: ['exp', 'iat', 'sub'],
        currentDate: asDate(now),
      },
    )
    const claimed = claims.safeParse(payload)
    if (!claimed.success) return 'invalid'
    const { sub, sid, gst, iatMs } = claimed.data
    return { accountId: sub, sessionId: sid, guest: gst, issuedAt: iatMs }
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'expired' : 'invalid'
  }
}

function asDate(now: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- jose wants a Date; made from the clock passed in
  return new Date(now)
}
