// The master key: 32 bytes in a file that only its owner may read. It encrypts what lies in `core`
// (shared/keys/seal.ts), so that a copy of the database alone signs nothing.
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { formatUuid } from '../runtime.ts'
import type { Runtime } from '../runtime.ts'

export const masterKeyBytes = 32

/** The key file cannot be used. The message is one sentence with the path and the cure. */
export class KeyFileError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'KeyFileError'
  }
}

/**
 * Reads the key file; makes it with mode 0600 when there is none. Two processes that begin at once
 * agree on one key. Throws KeyFileError when the file is damaged or cannot be read or made.
 */
export async function loadMasterKey(
  path: string,
  runtime: Pick<Runtime, 'randomBytes'>,
): Promise<Uint8Array> {
  const there = await readKey(path)
  if (there !== undefined) return there
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeOnce(path, runtime)
  } catch (cause) {
    throw new KeyFileError(
      `The key file ${path} cannot be made; check who may write there or set WAYSTONE_KEY_FILE.`,
      cause,
    )
  }
  const made = await readKey(path)
  if (made === undefined) throw new KeyFileError(`The key file ${path} vanished while it was made.`)
  return made
}

/** Written aside, synced, then linked: a reader sees the whole key or none, and the first one wins. */
async function writeOnce(path: string, runtime: Pick<Runtime, 'randomBytes'>): Promise<void> {
  const aside = `${path}.${formatUuid(runtime.randomBytes(16))}`
  const file = await open(aside, 'wx', 0o600)
  try {
    const key = Buffer.from(runtime.randomBytes(masterKeyBytes))
    await file.writeFile(`${key.toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(aside, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(aside, { force: true })
  }
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new KeyFileError(`The key file ${path} cannot be read; check its owner and mode.`, cause)
  }
  if (!/^[A-Za-z0-9+/]{43}=\s*$/.test(text)) {
    throw new KeyFileError(
      `The key file ${path} does not hold 32 bytes in base64; restore it from a copy.`,
    )
  }
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
