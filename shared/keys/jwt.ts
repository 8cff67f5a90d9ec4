// What all signed tokens share: keys by their id, and the clock that jose is given.
import { errors } from 'jose'
import type { CryptoKey } from 'jose'

export type SigningKey = { keyId: string; privateKey: CryptoKey }

/** The public key of an id; undefined when it is not known here. Must not do I/O. */
export type VerifyKeys = (keyId: string) => CryptoKey | undefined

/** The key that a token's header names. An unknown key is refused as a forged token is. */
export function keyOf(keys: VerifyKeys): (header: { kid?: string | undefined }) => CryptoKey {
  return ({ kid }) => {
    const key = kid === undefined ? undefined : keys(kid)
    if (key === undefined) throw new errors.JWKSNoMatchingKey()
    return key
  }
}

export function asDate(now: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- jose wants a Date; made from the clock passed in
  return new Date(now)
}
