// What all signed tokens share: keys by their id, the clock that jose is given, and what a refusal is.
import { errors } from 'jose'
import type { CryptoKey } from 'jose'
import { keysRereadMs } from '../limits.ts'

export type SigningKey = { keyId: string; privateKey: CryptoKey }

/**
 * The public key of an id; undefined when there is none. A promise only for an id that is not known here:
 * then the keys are read again first. It fails as that reading does.
 */
export type VerifyKeys = (keyId: string) => CryptoKey | undefined | Promise<CryptoKey | undefined>

/** The key that a token's header names. An unknown key is refused as a forged token is. */
export function keyOf(
  keys: VerifyKeys,
): (header: { kid?: string | undefined }) => Promise<CryptoKey> {
  return async ({ kid }) => {
    const key = kid === undefined ? undefined : await keys(kid)
    if (key === undefined) throw new errors.JWKSNoMatchingKey()
    return key
  }
}

/** Whether a token was refused. Any other error is a defect of ours or an outage. */
export function isRefusal(error: unknown): boolean {
  return error instanceof errors.JOSEError
}

export function asDate(now: number): Date {
  // oxlint-disable-next-line no-restricted-globals -- jose wants a Date; made from the clock passed in
  return new Date(now)
}

/**
 * Makes `read` what an unknown key id may ask for: at most once a second, one at a time. A forged id costs
 * no more than that, and the first key of a realm is known a moment after it was made.
 */
export function createReread(now: () => number, read: () => Promise<void>): () => Promise<void> {
  let readAt = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined
  return async () => {
    if (underWay !== undefined) return await underWay
    // The clock may have been set back.
    if (Math.abs(now() - readAt) < keysRereadMs) return
    readAt = now()
    underWay = read().finally(() => (underWay = undefined))
    await underWay
  }
}
