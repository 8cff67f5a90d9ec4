// Writes a file so that a crash at any moment leaves the old file or the new one, never half a file.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'

/** Replaces a file's whole content. The mode is that of a new file. */
export function writeFileAtomic(path: string, text: string, mode = 0o600): void {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeWhole(fresh, text, mode)
    renameSync(fresh, path)
  } catch (error) {
    // A full disk must not get fuller with each try.
    rmSync(fresh, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

function writeWhole(path: string, text: string, mode: number): void {
  const file = openSync(path, 'wx', mode)
  try {
    // Unlike writeSync it goes on until all is written.
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A rename is on the disk when its folder is. Windows cannot open folders and does not need it. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
