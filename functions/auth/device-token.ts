// Tokens of known devices: `1.<nonce>.<mac>`. A device gets one at a log-in, for that log-in name.
//
// The limit on guesses must not let an attacker lock a player out. So the tries of a known device count for
// that device alone, and only those of unknown devices count together (OWASP, "Slow Down Online Guessing
// Attacks with Device Cookies"). The token is no secret of the account. It opens nothing: it only proves that
// this device has logged in before. No row is kept.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from '#shared/keys/ring.ts'
import type { Runtime } from '#shared/runtime.ts'

type Secrets = Pick<KeyRing, 'derive'>

const nonceBytes = 16

/** `loginName` in lower case. */
export function newDeviceToken(
  secrets: Secrets,
  runtime: Pick<Runtime, 'randomBytes'>,
  loginName: string,
): string {
  const nonce = Buffer.from(runtime.randomBytes(nonceBytes)).toString('base64url')
  return `1.${nonce}.${macOf(secrets, loginName, nonce).toString('base64url')}`
}

/** The name of the device; undefined for a text that was not made here for this log-in name. No I/O. */
export function readDeviceToken(
  secrets: Secrets,
  loginName: string,
  text: string | undefined,
): string | undefined {
  const match = /^1\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/.exec(text ?? '')
  if (match === null) return undefined
  const [, nonce, mac] = match
  const given = Buffer.from(mac!, 'base64url')
  return timingSafeEqual(given, macOf(secrets, loginName, nonce!)) ? nonce : undefined
}

function macOf(secrets: Secrets, loginName: string, nonce: string): Buffer {
  return createHmac('sha256', secrets.derive(`device:${loginName}`))
    .update(nonce)
    .digest()
}
