// The types of a game, by the TypeScript of this package: the folder needs none of its own.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
const error = /^(?<file>[^\s(][^(]*)\((?<line>\d+),\d+\): error TS\d+: (?<what>.*)$/

/**
 * What is wrong with the types, one line each, `imp.ts:12: what`; paths from the folder. A folder without
 * tsconfig.json is not checked. `memory`: a file with what was found last; it halves the time of the next check.
 */
export async function typeErrors(folder: string, memory?: string): Promise<string[]> {
  if (!existsSync(join(folder, 'tsconfig.json'))) return []
  const args = [tsc, '--noEmit', '--pretty', 'false', '-p', '.']
  if (memory !== undefined) args.push('--incremental', '--tsBuildInfoFile', memory)
  const { output, ok } = await new Promise<{ output: string; ok: boolean }>((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (failed, stdout, stderr) =>
      resolve({ output: `${stdout}${stderr}`, ok: failed === null }),
    )
  })
  if (ok) return []
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.flatMap((line) => {
    const { file, line: number, what } = error.exec(line)?.groups ?? {}
    return file === undefined ? [] : [`${file}:${number}: ${what}`]
  })
  return errors.length > 0 ? errors : lines
}
