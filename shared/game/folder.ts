// Where the game lies that runs, and how bundles get it.
import path from 'node:path'

const sample = path.join(import.meta.dirname, '../../game')

/** The folder that WAYSTONE_GAME names, absolute; the sample game's by default. */
export function gameFolder(env: Record<string, string | undefined>): string {
  return path.resolve(env['WAYSTONE_GAME'] || sample)
}

/** For esbuild's `alias`: a bundle carries its game instead of looking for one. */
export function gameAlias(env: Record<string, string | undefined>): Record<string, string> {
  const folder = gameFolder(env)
  return { '#game': path.join(folder, 'game.ts'), '#game/page': path.join(folder, 'page.ts') }
}
