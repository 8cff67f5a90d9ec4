// What requests that carry secrets share: limits before costly work, ids without their secrets, and sealed texts.
import { createHash } from 'node:crypto'
import type * as z from 'zod'
import type { OperationId } from '#shared/api/endpoint.ts'
import type { RateLimiter } from '#shared/cache/rate.ts'
import type { KeyRing } from '#shared/keys/ring.ts'
import { seal, unseal } from '#shared/keys/seal.ts'
import type { RateName } from '#shared/limits.ts'
import { Problem } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'

/** Throws request.rate_limited. */
export async function limit(
  { limiter }: { limiter: RateLimiter },
  rate: RateName,
  subject: string,
): Promise<void> {
  const { allowed, resetMs } = await limiter.check(rate, subject)
  if (!allowed) {
    throw new Problem('request.rate_limited', { retryAfterS: Math.ceil(resetMs / 1000) })
  }
}

/**
 * The operation with a fingerprint that may be stored. It covers what the request is about, without a password or a
 * code in its body: a guess could be checked against a fast hash.
 */
export function about(op: OperationId, what: string): OperationId {
  return { hash: op.hash, fingerprint: digest(what) }
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A text that only we can read and make, under a key of the ring. `purpose` is authenticated. */
export function sealText(
  keys: Pick<KeyRing, 'derive'>,
  runtime: Pick<Runtime, 'randomBytes'>,
  purpose: string,
  value: unknown,
): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  return Buffer.from(seal(keys.derive('sealed-texts'), purpose, bytes, runtime)).toString(
    'base64url',
  )
}

/** What was sealed for this purpose; undefined for any other text. */
export function openText<S extends z.ZodType>(
  keys: Pick<KeyRing, 'derive'>,
  purpose: string,
  text: string,
  schema: S,
): z.output<S> | undefined {
  const sealed = new Uint8Array(Buffer.from(text, 'base64url'))
  const bytes = unseal(keys.derive('sealed-texts'), purpose, sealed)
  return bytes && schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
}

/**
 * Answers a repeat with what `find` knows of the first, else does the work. Twins may be under way at once: one that is
 * refused because the other has taken effect finds what that one did.
 */
export async function orTwin<T>(
  find: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const known = await find()
  if (known !== undefined) return known
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const twin = await find()
    if (twin === undefined) throw error
    return twin
  }
}
