// What `enter` has seen of a silent owner goes to the client and comes back with its next `enter`, so
// that no function waits until a lease may be judged. It is signed: a client that could make one up
// could declare a living host dead.
import { SignJWT, jwtVerify } from 'jose'
import * as z from 'zod'
import { takeSighting } from '#shared/ownership/lease.ts'
import type { Sighting } from '#shared/ownership/lease.ts'
import { isRefusal, keyOf } from '#shared/keys/jwt.ts'
import type { SigningKey, VerifyKeys } from '#shared/keys/jwt.ts'
import type { Runtime } from '#shared/runtime.ts'

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

/** By the clock of this function. Undefined when it is not ours, or too old. */
export async function readSighting(
  { verifyKeys, runtime }: { verifyKeys: VerifyKeys; runtime: Pick<Runtime, 'now'> },
  token: string,
): Promise<Sighting | undefined> {
  try {
    const { payload } = await jwtVerify(token, keyOf(verifyKeys), {
      algorithms: ['EdDSA'],
      typ: type,
      audience,
    })
    const claimed = claims.safeParse(payload)
    if (!claimed.success) return undefined
    const { boot, n, since, last } = claimed.data
    return takeSighting({ bootId: boot, renewal: n, since, last }, runtime.now())
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}
