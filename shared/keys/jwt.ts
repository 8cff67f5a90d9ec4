// All signed tokens share this: the choice of a key by its id, the clock for jose, and the form of a refusal.
import { errors } from 'jose'
import type { CryptoKey } from 'jose'
import { keysRereadMs } from '../limits.ts'

export type SigningKey = { keyId: string; privateKey: CryptoKey }

/**
 * Returns the public key of an id; undefined when there is none. For an unknown id it returns a promise and
 * reads the keys again first. The promise fails if that read fails.
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
 * Bounds how often an unknown key id runs `read`: at most once a second, and one read at a time. So forged
 * ids cost one read a second at most, and the first key of a realm is known within a second.
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
