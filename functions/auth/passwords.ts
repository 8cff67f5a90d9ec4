// Passwords: which are refused (NIST SP 800-63B-4, 3.1.1.2), and how they are kept (Argon2id).
import { argon2 as argon2Hash, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { argon2, passwordsWaitingMax } from '#shared/limits.ts'
import type { Runtime } from '#shared/runtime.ts'
import { createQueue } from './queue.ts'

/** Makes and checks the stored hash of a password. */
export interface Hasher {
  /** A PHC string. Throws auth.busy when too many are waiting. */
  hash(password: string): Promise<string>
  /** `stored` undefined: there is no such user; the same work is done and the answer is false. */
  verify(password: string, stored: string | undefined): Promise<boolean>
}

/** Node hashes, looks up names and reads files in four threads (libuv's default); one stays free. */
const hashesAtOnceMax = 3

/**
 * Argon2id with a bound: one hash for each core at a time, because a hash takes a whole core, and a short
 * queue behind them. In a flood, log-ins beyond the queue are refused, so that other requests get their time.
 */
export function createHasher(runtime: Pick<Runtime, 'randomBytes'>): Hasher {
  const run = createQueue(Math.min(availableParallelism(), hashesAtOnceMax), passwordsWaitingMax)
  // A hash of no password. A try at an unknown name is compared with it.
  const nobody = format(runtime.randomBytes(argon2.saltBytes), new Uint8Array(argon2.tagBytes))
  return {
    async hash(password) {
      const salt = runtime.randomBytes(argon2.saltBytes)
      return format(salt, await run(() => derive(password, salt)))
    },
    async verify(password, stored) {
      const { salt, tag } = parse(stored ?? nobody)
      const given = await run(() => derive(password, salt))
      return timingSafeEqual(given, tag) && stored !== undefined
    },
  }
}

function derive(password: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parameters = {
      message: normalized(password),
      nonce: salt,
      parallelism: argon2.parallelism,
      tagLength: argon2.tagBytes,
      memory: argon2.memoryKiB,
      passes: argon2.passes,
    }
    argon2Hash('argon2id', parameters, (error, tag) => {
      if (error) reject(error)
      else resolve(new Uint8Array(tag))
    })
  })
}

/** The same characters typed on another keyboard are the same password (RFC 8265, 4.2). */
function normalized(password: string): string {
  return password.normalize('NFC')
}

const phcPrefix = `$argon2id$v=19$m=${argon2.memoryKiB},t=${argon2.passes},p=${argon2.parallelism}`

function format(salt: Uint8Array, tag: Uint8Array): string {
  return `${phcPrefix}$${base64(salt)}$${base64(tag)}`
}

/** Only what `format` writes: when the parameters change, so does this, with a rehash at log-in. */
function parse(phc: string): { salt: Uint8Array; tag: Uint8Array } {
  const match = /^(\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
    phc,
  )
  if (match?.[1] !== phcPrefix) throw new Error('a stored password has other Argon2 parameters')
  return {
    salt: new Uint8Array(Buffer.from(match[2]!, 'base64')),
    tag: new Uint8Array(Buffer.from(match[3]!, 'base64')),
  }
}

/** PHC strings carry base64 without padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
