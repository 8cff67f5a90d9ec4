// Access tokens: a JWT (EdDSA, typ `at+jwt`) that says who calls. Algorithm, type, issuer and audience
// are fixed here and nowhere else, so a ticket or a token of another purpose is never taken for one.
import { SignJWT, errors, jwtVerify } from 'jose'
import * as z from 'zod'
import type { OperatorCaller, PlayerCaller } from '#shared/api/endpoint.ts'
import { role } from '#shared/api/role.ts'
import {
  accessTokenMs,
  clockSlackMs,
  operatorTokenMs,
  tokensRememberedMax,
} from '#shared/limits.ts'
import { asDate, isRefusal, keyOf } from '#shared/keys/jwt.ts'
import type { SigningKey, VerifyKeys } from '#shared/keys/jwt.ts'

/** The clock of the function that signed may be behind. */
const slackS = clockSlackMs / 1000

const accessTokenType = 'at+jwt'
const accessTokenAudience = 'waystone:player'
const accessTokenIssuer = 'waystone'

/** A genuine token is under 500 bytes. */
const tokenMaxLength = 2048

const claims = z.object({
  /** Account. */
  sub: z.string().min(1),
  /** Login session. */
  sid: z.string().min(1),
  /** Guest. */
  gst: z.boolean(),
  role: role.optional(),
  /** The era of the account: a log-out everywhere adds 1. A time would not do, because clocks differ. */
  era: z.int().min(0),
})

/** Signs a token that is valid for 15 minutes from `issuedAt`, Unix ms. */
export async function signAccessToken(
  key: SigningKey,
  player: Omit<PlayerCaller, 'kind'>,
  issuedAt: number,
): Promise<{ token: string; expiresAt: number }> {
  const issuedS = Math.floor(issuedAt / 1000)
  const expiresS = issuedS + accessTokenMs / 1000
  const token = await new SignJWT({
    sid: player.loginSessionId,
    gst: player.guest,
    era: player.era,
    ...(player.role === undefined ? {} : { role: player.role }),
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

/** The content of a genuine token, and the key that verified it. */
type Genuine = { player: PlayerCaller; keyId: string; key: CryptoKey; expiresS: number }

/**
 * By the whole token: a part of it would vouch for another rest. Checking the signature is most of what an
 * authenticated read costs (docs/performance.md), and a player sends the same token with each. A key ring
 * has a memory of its own. A key that it forgets takes along what it signed.
 */
const memories = new WeakMap<VerifyKeys, Map<string, Genuine>>()

function memoryOf(keys: VerifyKeys): Map<string, Genuine> {
  let memory = memories.get(keys)
  if (memory === undefined) memories.set(keys, (memory = new Map()))
  return memory
}

/** Returns the caller; `expired` only for a genuine token. Fails as `keys` does. */
export async function verifyAccessToken(
  keys: VerifyKeys,
  now: number,
  token: string,
): Promise<PlayerCaller | 'expired' | 'invalid'> {
  if (token.length > tokenMaxLength) return 'invalid'
  const memory = memoryOf(keys)
  const known = memory.get(token)
  if (known !== undefined) {
    // Time goes on and keys are withdrawn: only the signature is as it was.
    const inTime = Math.floor(now / 1000) < known.expiresS + slackS
    if (inTime && (await keys(known.keyId)) === known.key) {
      return { ...known.player }
    }
    memory.delete(token)
  }
  const find = keyOf(keys)
  let key: CryptoKey | undefined
  const take = async (header: { kid?: string }) => (key = await find(header))
  try {
    const { payload, protectedHeader } = await jwtVerify(token, take, {
      algorithms: ['EdDSA'],
      typ: accessTokenType,
      issuer: accessTokenIssuer,
      audience: accessTokenAudience,
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: slackS,
      currentDate: asDate(now),
    })
    const claimed = claims.safeParse(payload)
    if (!claimed.success) return 'invalid'
    const { sub, sid, gst, era } = claimed.data
    const player: PlayerCaller = {
      kind: 'player',
      accountId: sub,
      loginSessionId: sid,
      guest: gst,
      era,
      role: claimed.data.role,
    }
    const genuine = { player, keyId: protectedHeader.kid!, key: key!, expiresS: payload.exp! }
    if (memory.size >= tokensRememberedMax) memory.delete(memory.keys().next().value!)
    memory.set(token, genuine)
    return { ...player }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'expired'
    if (isRefusal(error)) return 'invalid'
    throw error
  }
}

const operatorTokenType = 'waystone-operator+jwt'
const operatorTokenAudience = 'waystone:operator'

const operatorClaims = z.object({ sub: z.string().regex(/^cli:.{1,64}$/) })

/**
 * A token for routes that need a role alone, valid for 5 minutes. It is for a person who has the master key, and
 * so needs no account. The audit names him by `name`.
 */
export async function signOperatorToken(
  key: SigningKey,
  name: string,
  now: number,
): Promise<string> {
  const issuedS = Math.floor(now / 1000)
  return await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', typ: operatorTokenType, kid: key.keyId })
    .setIssuer(accessTokenIssuer)
    .setAudience(operatorTokenAudience)
    .setSubject(`cli:${name}`)
    .setIssuedAt(issuedS)
    .setExpirationTime(issuedS + operatorTokenMs / 1000)
    .sign(key.privateKey)
}

/** The caller from a token of the command line; `expired` only for a genuine one. Fails as `keys` does. */
export async function verifyOperatorToken(
  keys: VerifyKeys,
  now: number,
  token: string,
): Promise<OperatorCaller | 'expired' | 'invalid'> {
  if (token.length > tokenMaxLength) return 'invalid'
  try {
    const { payload } = await jwtVerify(token, keyOf(keys), {
      algorithms: ['EdDSA'],
      typ: operatorTokenType,
      issuer: accessTokenIssuer,
      audience: operatorTokenAudience,
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: slackS,
      currentDate: asDate(now),
    })
    const claimed = operatorClaims.safeParse(payload)
    if (!claimed.success) return 'invalid'
    return { kind: 'operator', role: 'operator', operatorId: claimed.data.sub }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'expired'
    if (isRefusal(error)) return 'invalid'
    throw error
  }
}
