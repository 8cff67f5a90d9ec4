// Real parts, with which our stand-ins are compared. In CI a missing part is a failure. Elsewhere the tests
// that need it are skipped, and a line says so.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder in which `.ci/install-real-parts` installs parts without a system package. */
export const partsFolder = fileURLToPath(
  new URL('../../node_modules/.cache/real-parts', import.meta.url),
)

/** Returns `found`. When it is undefined, throws in CI, and elsewhere prints what is skipped. */
export function needPart<T>(name: string, found: T | undefined, cure: string): T | undefined {
  if (found !== undefined) return found
  if (process.env['CI'] === 'true') throw new Error(`${name} is missing: ${cure}`)
  console.log(`skipped: no ${name} on this machine (${cure})`)
  return undefined
}

/** The program that a variable names, else the first of these that exists. Bare names are searched in PATH. */
export function findProgram(variable: string, places: string[]): string | undefined {
  const named = process.env[variable]
  if (named) {
    if (isProgram(named)) return named
    throw new Error(`${variable} names ${named}, which is no program`)
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return places
    .flatMap((place) =>
      place.includes('/') ? [place] : folders.map((folder) => join(folder, place)),
    )
    .find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
