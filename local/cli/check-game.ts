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
    page: async () => noteOf(await bundleScript()),
  }
  for (const [name, run] of Object.entries(checks)) {
    const { problems, note } = await run().then(
      (said) => ({ problems: [], note: typeof said === 'string' ? said : undefined }),
      (error: unknown) => ({ problems: problemsOf(error), note: undefined }),
    )
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}`)
    if (note !== undefined) console.log(`  ${note}`)
    for (const problem of problems) console.log(`  ${problem}`)
    if (problems.length > 0) process.exitCode = 1
  }
}

/** It works, and every player loads what he has no use for. */
function noteOf({ zoneBy }: { zoneBy: string[] }): string | undefined {
  if (zoneBy.length === 0) return undefined
  const by = [...zoneBy.slice(0, -1), 'waystone/zone'].join(' -> ')
  return (
    `${by}: so the page carries the simulation, about 70 KB. ` +
    'Declare what both halves need in a file that imports waystone/api alone (protocol.ts).'
  )
}

function problemsOf(error: unknown): string[] {
  if (error instanceof ContentError) return error.problems
  if (error instanceof GameError) return [error.message]
  return [error instanceof Error ? error.message : String(error)]
}
