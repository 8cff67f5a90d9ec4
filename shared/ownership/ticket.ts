// A ticket lets one socket claim one character once. It is a signed JWT that any zone host verifies
// with the public keys alone, so a forged one never reaches the store.
import { SignJWT, jwtVerify } from 'jose'
import * as z from 'zod'
import { role } from '../api/role.ts'
import type { Role } from '../api/role.ts'
import { asDate, isRefusal, keyOf } from '../keys/jwt.ts'
import { clockSlackMs } from '../limits.ts'
import type { SigningKey, VerifyKeys } from '../keys/jwt.ts'

const ticketAudience = 'waystone:zone'
const type = 'waystone-ticket+jwt'

const claims = z.object({
  jti: z.string(),
  sub: z.string(),
  acc: z.string(),
  realm: z.string(),
  boot: z.string(),
  inst: z.string(),
  epoch: z.int(),
  exp: z.int(),
  syn: z.boolean().optional(),
  role: role.optional(),
})

export type Ticket = {
  ticketId: string
  characterId: string
  accountId: string
  realmId: string
  /** Boot id of the host that may claim it. */
  bootId: string
  instance: string
  /** The guard's epoch that the reservation wrote. */
  epoch: number
  /** Unix ms. */
  expiresAt: number
  /** The ticket of the synthetic player. No player sees it, and it takes no place. */
  synthetic?: boolean
  /** Of the account, when the ticket was made: who may be in the realm during a maintenance. */
  role?: Role
}

export async function signTicket(key: SigningKey, ticket: Ticket): Promise<string> {
  return await new SignJWT({
    acc: ticket.accountId,
    realm: ticket.realmId,
    boot: ticket.bootId,
    inst: ticket.instance,
    epoch: ticket.epoch,
    ...(ticket.synthetic === true ? { syn: true } : {}),
    ...(ticket.role === undefined ? {} : { role: ticket.role }),
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: key.keyId })
    .setJti(ticket.ticketId)
    .setSubject(ticket.characterId)
    .setAudience(ticketAudience)
    .setExpirationTime(Math.floor(ticket.expiresAt / 1000))
    .sign(key.privateKey)
}

/** The ticket inside, or undefined when it is forged, expired, malformed or for another audience. */
export async function verifyTicket(
  keys: VerifyKeys,
  now: number,
  token: string,
): Promise<Ticket | undefined> {
  try {
    const { payload } = await jwtVerify(token, keyOf(keys), {
      algorithms: ['EdDSA'],
      typ: type,
      audience: ticketAudience,
      // The tolerance is safe, because the guard decides: a late claim finds its reservation void.
      clockTolerance: clockSlackMs / 1000,
      currentDate: asDate(now),
    })
    const claimed = claims.safeParse(payload)
    if (!claimed.success) return undefined
    const c = claimed.data
    return {
      ticketId: c.jti,
      characterId: c.sub,
      accountId: c.acc,
      realmId: c.realm,
      bootId: c.boot,
      instance: c.inst,
      epoch: c.epoch,
      expiresAt: c.exp * 1000,
      ...(c.syn === true ? { synthetic: true } : {}),
      ...(c.role === undefined ? {} : { role: c.role }),
    }
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
