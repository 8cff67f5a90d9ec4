// The story of a failing run, and the fewest faults with which it still fails.
import { run } from './run.ts'
import type { RunResult } from './run.ts'

/** Leaves out faults one by one while the same rule is still broken. The result was traced. */
export async function shrink(
  seed: number,
): Promise<{ result: RunResult; without: ReadonlySet<number> }> {
  const without = new Set<number>()
  let result = await run(seed, { tracing: true })
  const rule = result.violations[0]!.rule
  for (let i = result.plan.faults.length - 1; i >= 0; i--) {
    const tried = await run(seed, { without: new Set([...without, i]), tracing: true })
    if (tried.violations[0]?.rule !== rule) continue
    without.add(i)
    result = tried
  }
  return { result, without }
}

/** The events of one character and those of everybody; without a character, all events. */
export function storyLines(result: RunResult, characterId: string | undefined): string[] {
  return result.judge.story
    .filter((one) => characterId === undefined || (one.characterId ?? characterId) === characterId)
    .map(({ at, characterId: whose, text }) => {
      const who = whose === undefined ? '' : `${result.judge.name(whose)}  `
      return `${(at / 1000).toFixed(3).padStart(9)}  ${who}${text}`
    })
}
