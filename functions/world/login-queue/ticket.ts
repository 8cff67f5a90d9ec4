// The ticket of the login queue: who shows it is told where he stands without a look into the store. It admits nobody:
// that does the number of the account, in the store. Signed, so that nobody asks about a number that he made up.
import { SignJWT, jwtVerify } from 'jose'
import * as z from 'zod'
import { asDate, isRefusal, keyOf } from '#shared/keys/jwt.ts'
import type { SigningKey, VerifyKeys } from '#shared/keys/jwt.ts'
import { clockSlackMs, loginTicketsRememberedMax, loginWaitKeptMs } from '#shared/limits.ts'
import { groups } from './row.ts'
import type { Wait } from './row.ts'

const audience = 'waystone:login-queue'
const type = 'waystone-login-queue+jwt'

const claims = z.object({
  sub: z.string(),
  realm: z.string(),
  queue: z.string(),
  group: z.enum(groups),
  n: z.int(),
  exp: z.int(),
})

type Of = { realmId: string; accountId: string }

export async function signLoginTicket(
  key: SigningKey,
  now: number,
  { realmId, accountId }: Of,
  { queueId, group, number }: Wait,
): Promise<string> {
  return await new SignJWT({ realm: realmId, queue: queueId, group, n: number })
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: key.keyId })
    .setSubject(accountId)
    .setAudience(audience)
    .setExpirationTime(Math.floor((now + loginWaitKeptMs) / 1000))
    .sign(key.privateKey)
}

type Genuine = { sub: string; realm: string; wait: Wait; expiresS: number }

/**
 * Reads tickets: undefined when one is forged, too old, or of another account or realm. Those that were found genuine are
 * remembered, for each comes again and again.
 */
export function createLoginTickets(keys: VerifyKeys) {
  const memory = new Map<string, Genuine>()
  return async (now: number, of: Of, token: string): Promise<Wait | undefined> => {
    const genuine = memory.get(token) ?? (await verify(keys, now, token))
    if (genuine === undefined || genuine.expiresS * 1000 + clockSlackMs <= now) return undefined
    if (memory.size >= loginTicketsRememberedMax) memory.delete(memory.keys().next().value!)
    memory.set(token, genuine)
    return genuine.sub === of.accountId && genuine.realm === of.realmId ? genuine.wait : undefined
  }
}

async function verify(keys: VerifyKeys, now: number, token: string): Promise<Genuine | undefined> {
  try {
    const { payload } = await jwtVerify(token, keyOf(keys), {
      algorithms: ['EdDSA'],
      typ: type,
      audience,
      clockTolerance: clockSlackMs / 1000,
      currentDate: asDate(now),
    })
    const claimed = claims.safeParse(payload)
    if (!claimed.success) return undefined
    const { sub, realm, queue, group, n, exp } = claimed.data
    return { sub, realm, wait: { queueId: queue, group, number: n }, expiresS: exp }
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
