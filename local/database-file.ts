// The file of the embedded database: undamaged, and open in one server alone.
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as z from 'zod'
import type { Runtime } from '#shared/runtime.ts'
import { endAll, identify, processIdentitySchema, runs } from './process-identity.ts'
import { writeFileAtomic } from './write-file.ts'

/** The whole file is checked up to this size, at about 500 MB a second; above, its beginning. */
const checkedBytes = 512 * 1024 * 1024

/** Why the database cannot start: one sentence with the cause and the cure. */
export class EmbeddedDynamoError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'EmbeddedDynamoError'
  }
}

/** Throws EmbeddedDynamoError when the file is damaged. SQLite's check reads every page. */
export function checkFile(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) {
    if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) return
    throw new EmbeddedDynamoError(`The folder of the database file ${file} does not exist.`)
  }
  if (!stat.isFile()) {
    throw new EmbeddedDynamoError(
      `${file} should be the database file and is a folder or something else: move it away.`,
    )
  }
  if (stat.size === 0) return
  const problem = inspect(file, stat.size <= checkedBytes)
  if (problem === undefined) return
  throw new EmbeddedDynamoError(
    `The database file ${file} is damaged (${problem}): put a copy in its place, or move it and the ` +
      'files beside it (-wal, -shm) away to begin anew.',
  )
}

function inspect(file: string, whole: boolean): string | undefined {
  try {
    const database = new DatabaseSync(file, { timeout: 1000 })
    try {
      // Without the check of the whole this still reads the header and the schema.
      const sql = whole ? 'PRAGMA quick_check(1)' : 'PRAGMA schema_version'
      const found = Object.values(database.prepare(sql).get() ?? {})[0]
      return !whole || found === 'ok' ? undefined : firstLineOfCheck(String(found))
    } finally {
      database.close()
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** SQLite heads its findings with `*** in database main ***`. */
function firstLineOfCheck(text: string): string {
  return text.split('\n').findLast((line) => line !== '') ?? 'the check failed'
}

const runSchema = z.object({ server: processIdentitySchema, owner: processIdentitySchema })

/** A file beside the database: which server has it open, and which process started that. */
function runFile(file: string): string {
  return `${file}.run.json`
}

/** Notes that our child `pid` has the file open. */
export function noteRun(file: string, pid: number): void {
  const server = identify(pid)
  const owner = identify(process.pid)
  if (server === undefined || owner === undefined) return
  writeFileAtomic(runFile(file), `${JSON.stringify({ server, owner })}\n`)
}

/**
 * Two servers must not open one file. If the owner of the other server lives, the file is in use. If that
 * owner was killed, its server is ended first.
 */
export async function endOrphan(
  file: string,
  graceMs: number,
  runtime: Pick<Runtime, 'now' | 'sleep'>,
): Promise<void> {
  const text = existsSync(runFile(file)) ? readFileSync(runFile(file), 'utf8') : '{}'
  const run = runSchema.safeParse(parseJson(text))
  if (!run.success || !runs(run.data.server)) return
  if (runs(run.data.owner)) {
    throw new EmbeddedDynamoError(
      `The database file ${file} is in use by process ${run.data.owner.pid}: stop that one first, or ` +
        'set WAYSTONE_DATA to another folder.',
    )
  }
  await endAll([run.data.server], graceMs, runtime)
}

/** Forgets the last run: no process has the file open any more. */
export function forgetRun(file: string): void {
  rmSync(runFile(file), { force: true })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
