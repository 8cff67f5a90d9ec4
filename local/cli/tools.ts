// Tools of this package, run on a game's folder.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const core = fileURLToPath(new URL('../../', import.meta.url))
const own = (path: string) => join(core, path)

/** Runs the tests of the working directory. */
export async function testGame(args: string[]): Promise<void> {
  await run([own('node_modules/vitest/vitest.mjs'), 'run', '--root', process.cwd(), ...args])
}

/** AWS CDK with the stacks of this package; its output lies in the working directory. */
export async function runCdk(verb: string, args: string[]): Promise<void> {
  const app = `${process.execPath} ${own('cdk/app.ts')}`
  // A game's folder has no cdk.json of its own.
  const { context } = JSON.parse(readFileSync(own('cdk.json'), 'utf8')) as {
    context: Record<string, string | boolean>
  }
  const settings = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const quiet = ['--no-notices', '--no-version-reporting']
  const all = [verb, '--app', app, '-o', 'dist/cdk', ...settings, ...quiet, ...args]
  await run([own('node_modules/aws-cdk/bin/cdk'), ...all])
}

/** Runs a program of Node to its end; its exit code is ours. */
async function run(program: string[]): Promise<void> {
  const child = spawn(process.execPath, program, { stdio: 'inherit' })
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
