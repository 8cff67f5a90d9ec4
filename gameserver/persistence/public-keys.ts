// The public keys of tickets on the tick thread: sent by the worker, looked up without I/O.
import type { CryptoKey } from 'jose'
import { importPublic } from '#shared/keys/ed25519.ts'
import type { VerifyKeys } from '#shared/keys/jwt.ts'

export type PublicKeyRow = { keyId: string; x: string; retireAt?: number | undefined }

/** `update` replaces all keys; `verify` answers while what a key signed may still be valid. */
export function createPublicKeys(now: () => number): {
  update(rows: PublicKeyRow[]): Promise<void>
  verify: VerifyKeys
} {
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
