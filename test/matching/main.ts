// npm run mutants:matching [-- name ...]        each rule of the matcher left out in a copy: which property finds it
// node test/matching/main.ts --hunt --runs 500  the properties alone: the last line says what the hunt reads
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { huntAll, huntOne } from '../mutants/hunt.ts'
import { mutants } from './mutants.ts'
import { properties } from './properties.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hunt: { type: 'boolean', default: false },
    runs: { type: 'string', default: '600' },
  },
})
const print = (text: string) => process.stdout.write(`${text}\n`)

/** The first property that does not hold, and after how many queues. */
function hunt(numRuns: number): { caught: boolean; after: number; found: string } {
  let after = 0
  for (const [name, property] of Object.entries(properties)) {
    const details = fc.check(property, { numRuns, seed: 1, endOnFailure: true })
    after += details.numRuns
    if (details.failed) return { caught: true, after, found: name }
  }
  return { caught: false, after, found: '' }
}

if (values.hunt) print(JSON.stringify(hunt(Number(values.runs))))
else {
  const run = {
    parts: ['shared', 'test/matching'],
    script: 'test/matching/main.ts',
    args: ['--hunt', '--runs', values.runs],
    timeoutMs: 120_000,
  }
  const options = { names: positionals, after: 'queues', print }
  const ok = await huntAll(mutants, { ...options, hunt: (mutant) => huntOne(mutant, run) })
  process.exitCode = ok ? 0 : 1
}
