// Tools of this package, run on a game's folder.
import { spawn } from 'node:child_process'
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
  const app = `${JSON.stringify(process.execPath)} ${JSON.stringify(own('cdk/app.ts'))}`
  await run([own('node_modules/aws-cdk/bin/cdk'), verb, '--app', app, '-o', 'dist/cdk', ...args])
}

/** Runs a program of Node to its end; its exit code is ours. */
async function run(program: string[]): Promise<void> {
  const child = spawn(process.execPath, program, { stdio: 'inherit' })
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
