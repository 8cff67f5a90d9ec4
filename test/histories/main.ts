// npm run histories -- [--runs 100] [--seed 1] [name ...]    so many of each kind, or of those that are named
// npm run mutants:people -- [--runs 100] [mutant ...]        each rule left out in a copy: after how many is it caught
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { huntAll, huntOne } from '../mutants/hunt.ts'
import { histories } from './histories.ts'
import { mutants, survivors } from './mutants.ts'
import { Realm } from './realm.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    /** For the mutants: stops at the first history that fails, and prints one line of JSON. */
    hunt: { type: 'boolean', default: false },
  },
})
const print = (text: string) => process.stdout.write(`${text}\n`)
const runs = Number(values.runs)

/** What the histories need of the tree. */
const parts = ['shared', 'functions', 'gameserver', 'game', 'waystone']
const tests = ['test/functions', 'test/histories', 'test/store']
/** A mutant under which a history never ends is caught as well. */
const historyMaxMs = 1000

if (values.mutants) {
  const good = await huntAll(mutants, {
    names: positionals,
    survivors,
    hunt: async (mutant) =>
      await huntOne(mutant, {
        parts: [...parts, ...tests],
        script: 'test/histories/main.ts',
        args: ['--hunt', '--runs', `${runs}`, ...mutant.kinds],
        timeoutMs: 20_000 + runs * mutant.kinds.length * historyMaxMs,
      }),
    after: 'histories',
    print,
  })
  process.exitCode = good ? 0 : 1
} else await live()

/** One of each kind, then the next of each. */
async function live(): Promise<void> {
  const realm = await Realm.open()
  const chosen = histories.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  )
  const kinds = chosen.map(({ name, list, run }) => {
    const seed = Number(values.seed)
    return { name, run, lists: fc.sample(fc.tuple(fc.integer(), list), { numRuns: runs, seed }) }
  })
  let [after, failed] = [0, 0]
  const started = performance.now()
  for (let i = 0; i < runs; i++) {
    for (const { name, run, lists } of kinds) {
      after++
      const wrong = await run(realm, ...lists[i]!)
      if (wrong.length === 0) continue
      failed++
      if (values.hunt) {
        print(JSON.stringify({ caught: true, after, found: name, wrong }))
        return
      }
      print(`${name}, ${i + 1}: ${wrong.join('\n  ')}`)
    }
  }
  if (values.hunt) {
    print(JSON.stringify({ caught: false, after, found: '' }))
    return
  }
  const seconds = (performance.now() - started) / 1000
  for (const [end, count] of [...realm.ends].toSorted())
    print(`${String(count).padStart(7)} ${end}`)
  print(`${after} histories in ${seconds.toFixed(1)} s, ${failed} failed.`)
  process.exitCode = failed === 0 ? 0 : 1
}
