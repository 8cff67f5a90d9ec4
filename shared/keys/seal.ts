// Encryption of small secrets under the master key: AES-256-GCM, 12 bytes of nonce, the text, 16 bytes
// of tag. `label` is authenticated, so that a sealed value cannot be moved to another row.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Runtime } from '../runtime.ts'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

export function seal(
  masterKey: Uint8Array,
  label: string,
  secret: Uint8Array,
  runtime: Pick<Runtime, 'randomBytes'>,
): Uint8Array {
  const nonce = runtime.randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, masterKey, nonce)
  cipher.setAAD(Buffer.from(label))
  const text = Buffer.concat([cipher.update(secret), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, text, cipher.getAuthTag()]))
}

/** The secret, or undefined when it was sealed under another key or label, or was changed. */
export function unseal(
  masterKey: Uint8Array,
  label: string,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined
  const decipher = createDecipheriv(algorithm, masterKey, sealed.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(label))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  const text = sealed.subarray(nonceBytes, sealed.length - tagBytes)
  try {
    return new Uint8Array(Buffer.concat([decipher.update(text), decipher.final()]))
  } catch {
    return undefined
  }
}
