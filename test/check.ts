// `npm run check`: types, lint, format, dead code, and whether what is generated is current.
// `npm run fix` (with the argument `fix`): repairs what a machine can. The import arrows are a test.
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { envExample } from '#shared/config.ts'

const top = path.join(import.meta.dirname, '..')
const envFile = path.join(top, '.env.example')

type Outcome = { ok: boolean; output: string }
type Check = { name: string; run: () => Promise<Outcome> }

const CHECKS: Check[] = [
  { name: 'types', run: () => runTool('tsc -p .') },
  { name: 'lint', run: () => runTool('oxlint') },
  { name: 'format', run: () => runTool('oxfmt --check') },
  { name: 'dead code', run: () => runTool('knip --no-progress') },
  { name: '.env.example', run: compareEnvExample },
]

const FIXES: Check[] = [
  { name: '.env.example', run: writeEnvExample },
  { name: 'lint', run: () => runTool('oxlint --fix') },
  { name: 'format', run: () => runTool('oxfmt') },
]

/** Runs a tool of node_modules/.bin, which comes first, so that its Node is ours as well. */
function runTool(commandLine: string): Promise<Outcome> {
  const bin = path.join(top, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` }
  return new Promise((resolve) => {
    const child = spawn(commandLine, {
      cwd: top,
      env,
      shell: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', (error) => resolve({ ok: false, output: error.message }))
    child.once('close', (code) => resolve({ ok: code === 0, output }))
  })
}

async function compareEnvExample(): Promise<Outcome> {
  const written = await readFile(envFile, 'utf8').catch(() => '')
  const ok = written === envExample()
  return { ok, output: ok ? '' : 'is not what shared/config.ts says: run `npm run fix`\n' }
}

async function writeEnvExample(): Promise<Outcome> {
  await writeFile(envFile, envExample())
  return { ok: true, output: '' }
}

let failed = 0
for (const { name, run } of process.argv[2] === 'fix' ? FIXES : CHECKS) {
  const start = performance.now()
  const { ok, output } = await run()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds.padStart(5)} s`)
  if (!ok) {
    failed += 1
    console.log(output)
  }
}
process.exitCode = failed > 0 ? 1 : 0
