// Loads a game from its folder. What is wrong with it is said in one sentence, with file and line.
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { placesOf } from '../telemetry/fault.ts'
import type { Game } from './game.ts'

/** The game cannot be loaded. The message is for its author. */
export class GameError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'GameError'
  }
}

/** The export `game` of the folder's game.ts. Throws GameError. */
export async function loadGame(folder: string): Promise<Game> {
  const file = path.join(folder, 'game.ts')
  if (!existsSync(file)) {
    throw new GameError(
      `The game folder ${folder} has no game.ts; WAYSTONE_GAME names the folder of the game.`,
    )
  }
  let loaded: { game?: Game }
  try {
    loaded = (await import(pathToFileURL(file).href)) as { game?: Game }
  } catch (error) {
    throw new GameError(`The game does not load. ${explain(error, folder)}`, error)
  }
  if (loaded.game === undefined) throw new GameError(`${file} must export \`game\`.`)
  return loaded.game
}

let again = 0

/** As loadGame, with the code of the folder as it is now: Node would take what it has loaded before. */
export async function reloadGame(folder: string): Promise<Game> {
  const own = `${pathToFileURL(folder).href}/`
  if (again === 0) {
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context)
        const isOwn = found.url.startsWith(own) && !found.url.includes('/node_modules/')
        return isOwn ? { ...found, url: `${found.url}?again=${again}` } : found
      },
    })
  }
  again++
  return await loadGame(folder)
}

/** Where it went wrong, as a path from the game's folder with the line, and what. */
function explain(error: unknown, folder: string): string {
  if (!(error instanceof Error)) return String(error)
  const missing = /^Cannot find (?:module|package) '(.+)' imported from (.+)$/.exec(error.message)
  const place = missing ? lineOfImport(missing[1]!, missing[2]!) : inFolder(placesOf(error), folder)
  const said = `${error.message.split('\n')[0]}`
  const cure = missing?.[1] === 'waystone' ? ' Run `npm install` in the folder of the game.' : ''
  return place === undefined ? said : `${path.relative(folder, place) || place}: ${said}.${cure}`
}

function inFolder(places: string[], folder: string): string | undefined {
  return places.find((place) => place.startsWith(folder + path.sep)) ?? places[0]
}

/** Node says which file imports what is not there, without the line. */
function lineOfImport(name: string, from: string): string {
  const file = from.startsWith('file:') ? fileURLToPath(from) : from
  const last = path.basename(name)
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex((text) => text.includes('import') && text.includes(last))
  return line < 0 ? file : `${file}:${line + 1}`
}
