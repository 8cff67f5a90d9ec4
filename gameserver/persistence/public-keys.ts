// The public keys of tickets on the tick thread: sent by the worker, looked up without I/O.
import type { CryptoKey } from 'jose'
import { importPublic } from '#shared/keys/ed25519.ts'
import { createReread } from '#shared/keys/jwt.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'

export type PublicKeyRow = { keyId: string; x: string; retireAt?: number | undefined }

export type PublicKeys = {
  /** Replaces all keys. */
  update(rows: PublicKeyRow[]): Promise<void>
  /** Finds a key as long as a token that it signed may be valid. */
  verify: VerifyKeys
}

/** `read`: reads the keys again for an id that is not known, and ends after an `update`. */
export function createPublicKeys(now: () => number, read: () => Promise<void>): PublicKeys {
  let keys = new Map<string, { key: CryptoKey; retireAt: number }>()
  const reread = createReread(now, read)
  const known = (keyId: string) => {
    const found = keys.get(keyId)
    return found !== undefined && now() < found.retireAt ? found.key : undefined
  }
  return {
    async update(rows) {
      const entries = rows.map(
        async ({ keyId, x, retireAt }) =>
          [keyId, { key: await importPublic(x), retireAt: retireAt ?? Infinity }] as const,
      )
      keys = new Map(await Promise.all(entries))
    },
    // Without an answer of the store the key stays unknown.
    verify: (keyId) =>
      known(keyId) ??
      reread().then(
        () => known(keyId),
        () => undefined,
      ),
  }
}
