// run.json in the data folder: the addresses of the Waystone that runs on it, for the command line. Its owner
// alone can read it, like everything there.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { identify, processIdentitySchema } from './process-identity.ts'
import { StartError, systemCode } from './start-error.ts'
import { writeFileAtomic } from './write-file.ts'

const runFile = z.object({
  process: processIdentitySchema,
  /** Base URL of the API on this machine. */
  url: z.string(),
  /** DynamoDB endpoint, and the prefix of its tables. */
  database: z.string(),
  tablePrefix: z.string(),
  keyFile: z.string(),
  realmId: z.string(),
})

export type RunFile = z.infer<typeof runFile>

const pathOf = (dataDir: string) => join(dataDir, 'run.json')

/** Returns a function that removes it again. */
export function writeRunFile(dataDir: string, run: Omit<RunFile, 'process'>): () => void {
  const process = identify(globalThis.process.pid)
  writeFileAtomic(pathOf(dataDir), `${JSON.stringify({ process, ...run })}\n`)
  return () => rmSync(pathOf(dataDir), { force: true })
}

/** Undefined when nothing runs. Throws StartError when it cannot be read. */
export function readRunFile(dataDir: string): RunFile | undefined {
  const path = pathOf(dataDir)
  try {
    return runFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new StartError(
      `${path} cannot be read; run this as the user who runs \`npm start\`, or start that anew.`,
      error,
    )
  }
}
