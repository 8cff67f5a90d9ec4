// Runs of the simulation by their seeds, with a report of the first that breaks a rule.
import { expect } from 'vitest'
import { describeFault } from './plan.ts'
import { run } from './run.ts'
import { shrink, storyLines } from './story.ts'

/** Each seed from `first` to `last`. Fails with the story of one that breaks a rule, and the command that replays it. */
export async function holdSeeds(first: number, last: number): Promise<void> {
  for (let seed = first; seed <= last; seed++) {
    const { violations } = await run(seed)
    if (violations.length > 0) expect.fail(await report(seed))
  }
}

async function report(seed: number): Promise<string> {
  const { result, without } = await shrink(seed)
  const { rule, what, characterId } = result.violations[0]!
  const needed = result.plan.faults.filter((_, i) => !without.has(i)).map(describeFault)
  return [
    `seed ${seed}: ${rule}: ${what}`,
    ...needed,
    ...storyLines(result, characterId),
    `npm run simulate -- --replay ${seed} --without ${[...without].join(',')}`,
  ].join('\n')
}
