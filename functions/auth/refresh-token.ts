// Refresh tokens: `1.<family>.<account>.<generation>.<mac>`.
//
// Token n of a family follows from a secret that is in no row: the key ring's session secret, derived
// for the family. So the same successor can be made again when an answer was lost, a forged token is
// refused without a read of the store, and the database alone makes none.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from '#shared/keys/ring.ts'

export type RefreshToken = { familyId: string; accountId: string; generation: number }
type Secrets = Pick<KeyRing, 'derive'>

export function writeRefreshToken(secrets: Secrets, token: RefreshToken): string {
  const text = `1.${token.familyId}.${token.accountId}.${token.generation}`
  return `${text}.${Buffer.from(macOf(secrets, token.familyId, text)).toString('base64url')}`
}

/** The content of a genuine token; undefined for any other text. No I/O. */
export function readRefreshToken(secrets: Secrets, text: string): RefreshToken | undefined {
  const match =
    /^(1\.([A-Za-z0-9_-]{22})\.([0-9a-f-]{36})\.([1-9]\d{0,9}))\.([A-Za-z0-9_-]{43})$/.exec(text)
  if (match === null) return undefined
  const [, signed, familyId, accountId, generation, mac] = match
  const given = Buffer.from(mac!, 'base64url')
  if (!timingSafeEqual(given, macOf(secrets, familyId!, signed!))) return undefined
  return { familyId: familyId!, accountId: accountId!, generation: Number(generation) }
}

function macOf(secrets: Secrets, familyId: string, text: string): Uint8Array {
  const familySecret = secrets.derive(`refresh-family:${familyId}`)
  return new Uint8Array(createHmac('sha256', familySecret).update(text).digest())
}

/** The family that an operation opens: the same for every repeat of it. 128 bits. */
export function familyOf(operationHash: string): string {
  return createHash('sha256').update(`family:${operationHash}`).digest('base64url').slice(0, 22)
}
