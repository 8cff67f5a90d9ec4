// Signatures that are made at once. WebCrypto works in a thread pool, which answers in no fixed order;
// here the same calls are answered in the step that made them. Nobody forges anything in a simulation.
import { createHash, webcrypto } from 'node:crypto'
import type { CryptoKey } from 'jose'

export type Keys = { privateKey: CryptoKey; publicKey: CryptoKey }

let keys: Keys | undefined

/** Replaces `crypto.subtle.sign` and `verify` of this process. */
export async function installSigning(): Promise<Keys> {
  if (keys !== undefined) return keys
  keys = (await webcrypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as Keys
  const sign = (_algorithm: unknown, _key: unknown, data: Uint8Array) =>
    Uint8Array.from(createHash('sha512').update(data).digest())
  Object.defineProperties(crypto.subtle, {
    sign: {
      value: async (...all: Parameters<typeof sign>) => await Promise.resolve(sign(...all).buffer),
    },
    verify: {
      value: async (algorithm: unknown, key: unknown, signature: Uint8Array, data: Uint8Array) =>
        await Promise.resolve(Buffer.from(sign(algorithm, key, data)).equals(signature)),
    },
  })
  return keys
}
