// The public keys of tickets on the tick thread: sent by the worker, looked up without I/O.
import type { CryptoKey } from 'jose'
import { importPublic } from '#shared/keys/ed25519.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'

export type PublicKeyRow = { keyId: string; x: string; retireAt?: number | undefined }

export type PublicKeys = {
  /** Replaces all keys. */
  update(rows: PublicKeyRow[]): Promise<void>
  /** Finds a key while what it signed may still be valid. */
  verify: VerifyKeys
}

export function createPublicKeys(now: () => number): PublicKeys {
  let keys = new Map<string, { key: CryptoKey; retireAt: number }>()
  return {
    async update(rows) {
      const entries = rows.map(
        async ({ keyId, x, retireAt }) =>
          [keyId, { key: await importPublic(x), retireAt: retireAt ?? Infinity }] as const,
      )
      keys = new Map(await Promise.all(entries))
    },
    verify(keyId) {
      const found = keys.get(keyId)
      return found !== undefined && now() < found.retireAt ? found.key : undefined
    },
  }
}
