// The folder with everything that is kept. One start uses it at a time: a lock file names the process.
// A lock whose process has ended is taken over.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { newId } from '#shared/runtime.ts'
import type { Runtime } from '#shared/runtime.ts'
import { identify, processIdentitySchema, runs } from './process-identity.ts'
import { StartError, systemCode } from './start-error.ts'

export type DataFolder = {
  /** Absolute. */
  path: string
  /** Releases the folder. */
  release(): void
}

/** Makes the folder if need be and locks it. Throws StartError when it cannot be used. */
export function openDataFolder(
  given: string,
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
): DataFolder {
  const path = resolve(given)
  makeFolder(path)
  const lock = join(path, 'lock')
  const mine = JSON.stringify({ ...identify(process.pid), id: newId(runtime) })
  // Each round either takes the lock or removes a stale one, so a few rounds are enough.
  for (let round = 0; round < 5; round++) {
    if (createLock(lock, mine, runtime)) {
      return {
        path,
        release: () => {
          if (readLock(lock) === mine) rmSync(lock, { force: true })
        },
      }
    }
    const found = readLock(lock)
    if (found === undefined) continue
    const owner = ownerOf(found)
    if (owner !== undefined && runs(owner)) {
      throw new StartError(
        `The data folder ${path} is in use by process ${owner.pid}; end that one first, or set ` +
          'WAYSTONE_DATA to another folder.',
      )
    }
    removeStale(lock, found, runtime)
  }
  throw new StartError(`The data folder ${path} is in use; another start is taking it just now.`)
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    if (statSync(path).isDirectory()) return
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw unwritable(path, error)
  }
  throw new StartError(
    `The data folder ${path} is a file, or lies under one; move it away or set WAYSTONE_DATA to ` +
      'another folder.',
  )
}

/** Writes another file and links it, so that no process reads half a lock. */
function createLock(lock: string, text: string, runtime: Pick<Runtime, 'now' | 'randomBytes'>) {
  const aside = `${lock}.${newId(runtime)}`
  try {
    writeFileSync(aside, text, { mode: 0o600 })
    linkSync(aside, lock)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw unwritable(resolve(lock, '..'), error)
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Moves a stale lock away. If another start has made its lock meanwhile, that lock is put back. */
function removeStale(
  lock: string,
  stale: string,
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
): void {
  const aside = `${lock}.${newId(runtime)}`
  try {
    renameSync(lock, aside)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  try {
    if (readLock(aside) !== stale) linkSync(aside, lock)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function readLock(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw unwritable(resolve(lock, '..'), error)
  }
}

/** Undefined when the lock cannot be read: then nobody owns it. */
function ownerOf(text: string) {
  try {
    return processIdentitySchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function unwritable(path: string, error: unknown): StartError {
  const code = systemCode(error) ?? 'unknown error'
  return new StartError(
    `The data folder ${path} cannot be written (${code}); make it writable or set WAYSTONE_DATA ` +
      'to another folder.',
    error,
  )
}
