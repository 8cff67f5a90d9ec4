// What `enter` has seen of a silent owner goes to the client and comes back with its next `enter`, so
// that no function waits until a lease may be judged. It is signed: a client that could make one up
// could declare a living host dead.
import { SignJWT, jwtVerify } from 'jose'
import * as z from 'zod'
import type { Sighting } from '#shared/ownership/lease.ts'
import { isRefusal, keyOf } from '#shared/keys/jwt.ts'
import type { SigningKey, VerifyKeys } from '#shared/keys/jwt.ts'

const audience = 'waystone:enter'
const type = 'waystone-sighting+jwt'

const claims = z.object({ boot: z.string(), n: z.int(), since: z.int(), last: z.int() })

export async function signSighting(key: SigningKey, sighting: Sighting): Promise<string> {
  const { bootId, renewal, since, last } = sighting
  return await new SignJWT({ boot: bootId, n: renewal, since, last })
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: key.keyId })
    .setAudience(audience)
    .sign(key.privateKey)
}

/** Undefined when it is not ours. One that is old does no harm: its last read is too long ago. */
export async function readSighting(keys: VerifyKeys, token: string): Promise<Sighting | undefined> {
  try {
    const { payload } = await jwtVerify(token, keyOf(keys), {
      algorithms: ['EdDSA'],
      typ: type,
      audience,
    })
    const claimed = claims.safeParse(payload)
    if (!claimed.success) return undefined
    const { boot, n, since, last } = claimed.data
    return { bootId: boot, renewal: n, since, last }
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
