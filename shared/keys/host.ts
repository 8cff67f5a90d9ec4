// Host identity: how a zone host proves to `/internal` who it is. It makes a key pair at boot; the
// private key never leaves the process, the public one stands in its lease row. So the row that says
// whether the process lives says as well whose signature counts, and nothing has to be handed out.
import { webcrypto } from 'node:crypto'
import { SignJWT, decodeJwt, errors, jwtVerify } from 'jose'
import type { CryptoKey } from 'jose'
import { clockSlackMs, hostKeyFreshMs, hostTokenMs } from '../limits.ts'
import { isUuid } from '../runtime.ts'
import type { Runtime } from '../runtime.ts'
import { importPublic } from './ed25519.ts'
import { asDate } from './jwt.ts'

const audience = 'waystone:internal'
const type = 'waystone-host+jwt'
/** Hosts whose key is remembered; more than a region has. */
const rememberedMax = 1000

export type HostSigner = {
  /** `x` of the public key, for the lease row. */
  publicKey: string
  /** A token for one call: 60 s from `now`. */
  sign(bootId: string, now: number): Promise<string>
}

/** A new key pair. The private key cannot be read, by us neither. */
export async function createHostSigner(): Promise<HostSigner> {
  const pair = await webcrypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  const { privateKey, publicKey } = pair as { privateKey: CryptoKey; publicKey: CryptoKey }
  const { x } = await webcrypto.subtle.exportKey('jwk', publicKey)
  if (x === undefined) throw new Error('an Ed25519 key without x')
  return {
    publicKey: x,
    sign: async (bootId, now) => {
      const issuedS = Math.floor(now / 1000)
      return await new SignJWT({})
        .setProtectedHeader({ alg: 'EdDSA', typ: type })
        .setIssuer(bootId)
        .setAudience(audience)
        .setIssuedAt(issuedS)
        .setExpirationTime(issuedS + hostTokenMs / 1000)
        .sign(privateKey)
    },
  }
}

/** Returns the public key of a host whose lease has not ended; undefined when there is no such host. */
export type HostKeys = (bootId: string) => Promise<CryptoKey | undefined>

type Deps = {
  runtime: Pick<Runtime, 'now'>
  /** `x` of the public key in the host's lease row; undefined when there is no such row. One trip. */
  publicKeyOf: (bootId: string) => Promise<string | undefined>
}

/** Believes each key for 10 s. Fails as `publicKeyOf` does. */
export function createHostKeys({ runtime, publicKeyOf }: Deps): HostKeys {
  const known = new Map<string, { key: CryptoKey; until: number }>()
  return async (bootId) => {
    const now = runtime.now()
    const there = known.get(bootId)
    if (there !== undefined && now < there.until) return there.key
    known.delete(bootId)
    const x = await publicKeyOf(bootId)
    if (x === undefined) return undefined
    const key = await importPublic(x)
    if (known.size >= rememberedMax) known.clear()
    known.set(bootId, { key, until: now + hostKeyFreshMs })
    return key
  }
}

/** Which host calls; `expired` is said only of a token that was genuine. One trip when it is new. */
export async function verifyHostToken(
  keys: HostKeys,
  now: number,
  token: string,
): Promise<{ bootId: string } | 'expired' | 'invalid'> {
  const bootId = issuerOf(token)
  if (bootId === undefined) return 'invalid'
  const key = await keys(bootId)
  if (key === undefined) return 'invalid'
  try {
    await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      typ: type,
      issuer: bootId,
      audience,
      requiredClaims: ['exp', 'iat'],
      // Whatever the host wrote: no token counts for longer.
      maxTokenAge: hostTokenMs / 1000,
      clockTolerance: clockSlackMs / 1000,
      currentDate: asDate(now),
    })
    return { bootId }
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'expired' : 'invalid'
  }
}

/** The boot id that the token names as its issuer, not yet verified; undefined when it names none. */
function issuerOf(token: string): string | undefined {
  if (token.length > 1024) return undefined
  try {
    const { iss } = decodeJwt(token)
    return iss !== undefined && isUuid(iss) ? iss : undefined
  } catch {
    return undefined
  }
}
