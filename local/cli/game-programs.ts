// What `waystone` does in the folder of a game, which is the working directory. Each is loaded when it is asked
// for, because it reads WAYSTONE_GAME while it is loaded.
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from '../start-error.ts'

const core = fileURLToPath(new URL('../../', import.meta.url))

const programs: Record<string, (args: string[]) => Promise<unknown>> = {
  start: () => import('../start.ts'),
  dev: () => import('../dev.ts'),
  bots: () => import('#client/bots/main.ts'),
  check: async () => (await import('./check-game.ts')).checkGame(),
  test: async (args) => (await import('./tools.ts')).testGame(args),
  bundle: async () => (await import('./bundle-game.ts')).bundleGame('dist'),
  image: async () => (await import('./image.ts')).buildImages(),
  synth: async (args) => (await import('./tools.ts')).runCdk('synth', ['--quiet', ...args]),
  deploy: async (args) => (await import('./tools.ts')).runCdk('deploy', ['--all', ...args]),
  destroy: async (args) => (await import('./tools.ts')).runCdk('destroy', ['--all', ...args]),
}

/** The program of that name, ready to run; undefined when there is none. Throws StartError. */
export function gameProgram(name: string, args: string[]): (() => Promise<unknown>) | undefined {
  const program = programs[name]
  if (program === undefined) return undefined
  return async () => {
    chooseOwnFolder()
    // The programs read their arguments themselves.
    process.argv.splice(2, Infinity, ...args)
    await program(args)
  }
}

/** The working directory is the game, unless WAYSTONE_GAME names another. In Waystone's own it is the sample. */
function chooseOwnFolder(): void {
  const here = process.cwd()
  if (process.env['WAYSTONE_GAME'] || relative(core, here) === '') return
  if (!existsSync(join(here, 'game.ts'))) {
    throw new StartError(`${here} is no folder of a game: it has no game.ts.`)
  }
  process.env['WAYSTONE_GAME'] = here
}
