// Ed25519 keys from 32 bytes of seed (RFC 8032), in the forms that the key ring needs.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { importJWK } from 'jose'
import type { CryptoKey } from 'jose'

export const seedBytes = 32

/** DER of a PKCS #8 Ed25519 key up to the seed (RFC 8410, 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A public key as /.well-known/jwks.json shows it. */
export type PublicJwk = {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  kid: string
  alg: 'EdDSA'
  use: 'sig'
}

/** `x` of the public key that belongs to a seed. */
export function publicOf(seed: Uint8Array): string {
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Prefix, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  if (x === undefined) throw new Error('an Ed25519 key without x')
  return x
}

export function jwkOf(keyId: string, x: string): PublicJwk {
  return { kty: 'OKP', crv: 'Ed25519', x, kid: keyId, alg: 'EdDSA', use: 'sig' }
}

export async function importPublic(x: string): Promise<CryptoKey> {
  return await importJWK({ kty: 'OKP', crv: 'Ed25519', x }, 'EdDSA')
}

export async function importPrivate(x: string, seed: Uint8Array): Promise<CryptoKey> {
  const d = Buffer.from(seed).toString('base64url')
  return await importJWK({ kty: 'OKP', crv: 'Ed25519', x, d }, 'EdDSA', { extractable: false })
}
