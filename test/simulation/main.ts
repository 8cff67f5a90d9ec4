// npm run simulate -- --seeds 1000 --from 1        runs seeds, prints what they covered
// npm run simulate -- --replay 7 [--without 0,3]   one seed with its story
// npm run simulate -- --mutants [name ...]         each rule left out in a copy: after how many seeds is it caught
import { parseArgs } from 'node:util'
import { runMutants } from './mutants.ts'
import { describeFault } from './plan.ts'
import { run } from './run.ts'
import { shrink, storyLines } from './story.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    replay: { type: 'string' },
    without: { type: 'string', default: '' },
    mutants: { type: 'boolean', default: false },
    /** For the mutants: prints one line of JSON and stops at the first seed that fails. */
    hunt: { type: 'boolean', default: false },
  },
})
const print = (text: string) => process.stdout.write(`${text}\n`)

if (values.mutants)
  process.exitCode = (await runMutants(positionals, Number(values.seeds), print)) ? 0 : 1
else if (values.replay !== undefined) await replay(Number(values.replay))
else await runSeeds(Number(values.from), Number(values.seeds))

async function replay(seed: number): Promise<void> {
  const without = new Set(values.without.split(',').filter(Boolean).map(Number))
  const result = await run(seed, { without, tracing: true })
  for (const line of storyLines(result, undefined)) print(line)
  process.exitCode = result.violations.length === 0 ? 0 : 1
}

async function runSeeds(from: number, count: number): Promise<void> {
  const startedAt = performance.now()
  const sum = { seeds: 0, ms: 0, steps: 0, requests: 0, faults: 0, met: 0, failed: 0 }
  const back: number[] = []
  for (let seed = from; seed < from + count; seed++) {
    const result = await run(seed)
    sum.seeds++
    sum.ms += result.ms
    sum.steps += result.steps
    sum.requests += result.requests
    sum.faults += result.faults
    sum.met += result.met
    if (result.violations.length === 0) {
      back.push(result.backMs)
      continue
    }
    sum.failed++
    if (values.hunt) {
      const { rule, what } = result.violations[0]!
      print(JSON.stringify({ caught: true, after: sum.seeds, found: rule, what }))
      return
    }
    await report(seed)
  }
  if (values.hunt) {
    print(JSON.stringify({ caught: false, after: sum.seeds, found: '' }))
    return
  }
  const seconds = (performance.now() - startedAt) / 1000
  back.sort((a, b) => a - b)
  const at = (part: number) => ((back[Math.floor((back.length - 1) * part)] ?? 0) / 1000).toFixed(1)
  print(
    `${sum.seeds} seeds in ${seconds.toFixed(0)} s (${(sum.seeds / seconds).toFixed(1)} a second): ` +
      `${(sum.ms / 3_600_000).toFixed(1)} simulated hours, ${sum.steps} steps, ${sum.requests} store requests, ` +
      `${sum.faults} faults and ${sum.met} disturbed requests.`,
  )
  print(
    `Everybody back in play after the last fault: p50 ${at(0.5)} s, p99 ${at(0.99)} s, most ${at(1)} s.`,
  )
  print(sum.failed === 0 ? 'No violation.' : `${sum.failed} seeds FAILED.`)
  process.exitCode = sum.failed === 0 ? 0 : 1
}

/** The failing seed with as few faults as still make it fail. */
async function report(seed: number): Promise<void> {
  const { result, without } = await shrink(seed)
  const { rule, what, characterId } = result.violations[0]!
  print(`\nseed ${seed}: ${rule}: ${what}`)
  print('faults that are needed:')
  for (const [i, fault] of result.plan.faults.entries()) {
    if (!without.has(i)) print(`  ${i}: ${describeFault(fault)}`)
  }
  for (const line of storyLines(result, characterId)) print(line)
  const left = without.size === 0 ? '' : ` --without ${[...without].join(',')}`
  print(`replay: npm run simulate -- --replay ${seed}${left}\n`)
}
