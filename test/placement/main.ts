// npm run mutants:placement [-- name ...]   each part of the rule of placement left out in a copy: which test finds it
// node test/placement/main.ts --hunt        the tests alone: the last line says what the hunt reads
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { huntAll, huntOne } from '../mutants/hunt.ts'
import { mutants } from './mutants.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { hunt: { type: 'boolean', default: false } },
})
const print = (text: string) => process.stdout.write(`${text}\n`)
const top = path.join(import.meta.dirname, '..', '..')

const report = z.object({
  numTotalTests: z.int(),
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ status: z.string(), title: z.string() })),
    }),
  ),
})

/** The first test that fails. */
function hunt(): { caught: boolean; after: number; found: string } {
  const tests = ['placement', 'warm', 'places', 'steady'].map(
    (one) => `test/ownership/${one}.test.ts`,
  )
  const vitest = path.join(top, 'node_modules', 'vitest', 'vitest.mjs')
  const file = path.join(top, 'found.json')
  const args = [
    vitest,
    'run',
    '--reporter=json',
    `--outputFile=${file}`,
    '--project=core',
    ...tests,
  ]
  spawnSync(process.execPath, args, { cwd: top, encoding: 'utf8' })
  const { numTotalTests: after, testResults } = report.parse(JSON.parse(readFileSync(file, 'utf8')))
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = results.find(({ status }) => status === 'failed')
  return { caught: failed !== undefined, after, found: failed?.title ?? '' }
}

if (values.hunt) print(JSON.stringify(hunt()))
else {
  const run = {
    parts: ['shared', 'functions', 'gameserver', 'game', 'waystone', 'test', 'vitest.config.ts'],
    script: 'test/placement/main.ts',
    args: ['--hunt'],
    timeoutMs: 300_000,
  }
  const options = { names: positionals, after: 'tests', print }
  const ok = await huntAll(mutants, { ...options, hunt: async (one) => await huntOne(one, run) })
  process.exitCode = ok ? 0 : 1
}
