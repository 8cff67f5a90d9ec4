// The code of the game while it is developed. A change is checked first: its types, then whether the game loads.
// If all is well, it is taken over and no player leaves. Else the old code goes on, and the console says what is
// wrong and where.
import { relative } from 'node:path'
import type { Game } from '#shared/game/game.ts'
import { reloadGame } from '#shared/game/load.ts'
import type { Runtime } from '#shared/runtime.ts'
import { typeErrors } from './type-check.ts'
import { watchCode } from './watch-code.ts'

/** More are not printed: the first ones mostly cause the others. */
const errorsMax = 10

/** Whether a file of this path, from the folder of the game, is code that runs. */
export function isGameCode(path: string): boolean {
  return path.endsWith('.ts') && !/^(?:content|dist|node_modules|test|\.[^/]*)[/\\]/.test(path)
}

/** Calls `taken` with the game at each change that is sound. Returns a function that stops the watch. */
export function watchGame(options: {
  folder: string
  /** Where the checked types are remembered. */
  memory: string
  runtime: Pick<Runtime, 'sleep'>
  print: (line: string) => void
  /** What of the content does not fit the game. It is then taken when the content does (dev-reload.ts). */
  misfits: (game: Game) => Promise<string[]>
  taken: (game: Game) => void
  /** Runs afterwards. */
  renewPage: () => Promise<void>
}): () => void {
  const { folder, memory, runtime, print } = options
  const refuse = (text: string) => print(`game: not taken over, the old code goes on.\n  ${text}`)
  const shown = (errors: string[]) => errors.slice(0, errorsMax).join('\n  ')
  // So that the first change need not wait for a check of everything.
  const checked = typeErrors(folder, memory).then((errors) => {
    if (errors.length > 0) print(`game: its types are wrong.\n  ${shown(errors)}`)
  })
  return watchCode([folder], isGameCode, runtime, async (files) => {
    try {
      await checked
      const errors = await typeErrors(folder, memory)
      if (errors.length > 0) return refuse(shown(errors))
      const game = await reloadGame(folder)
      const misfits = await options.misfits(game)
      if (misfits.length > 0) {
        return print(
          `game: not taken over before the content fits its kinds, the old code goes on.\n  ${shown(misfits)}`,
        )
      }
      options.taken(game)
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error))
    }
    print(`game: taken over (${files.map((file) => relative(folder, file)).join(', ')})`)
    await options.renewPage()
  })
}
