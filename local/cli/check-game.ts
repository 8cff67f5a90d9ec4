// `waystone check`: the types of a game, whether it loads, its content, and its half of the page.
import { ContentError, loadContent } from '#shared/content-files/load.ts'
import { gameFolder } from '#shared/game/folder.ts'
import { GameError, loadGame } from '#shared/game/load.ts'
import { bundleScript } from '../page.ts'
import { typeErrors } from '../type-check.ts'

/** Prints what is wrong, with files and lines; the exit code is then 1. */
export async function checkGame(): Promise<void> {
  const folder = gameFolder(process.env)
  const checks: Record<string, () => Promise<unknown>> = {
    types: async () => {
      const errors = await typeErrors(folder)
      if (errors.length > 0) throw new GameError(errors.join('\n  '))
    },
    game: () => loadGame(folder),
    content: async () => {
      const game = await loadGame(folder)
      return await loadContent(game.content, game.contentKinds ?? [])
    },
    page: bundleScript,
  }
  for (const [name, run] of Object.entries(checks)) {
    const problems = await run().then(() => [], problemsOf)
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}`)
    for (const problem of problems) console.log(`  ${problem}`)
    if (problems.length > 0) process.exitCode = 1
  }
}

function problemsOf(error: unknown): string[] {
  if (error instanceof ContentError) return error.problems
  if (error instanceof GameError) return [error.message]
  return [error instanceof Error ? error.message : String(error)]
}
