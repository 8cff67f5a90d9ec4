// `npm run new-game -- ../emberfall`: a folder with a small game that runs, copied from template/.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { statSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { StartError } from '../start-error.ts'

const core = path.join(import.meta.dirname, '../..')
const template = path.join(core, 'template')
/** In the template these have names under which no tool takes them for its own. */
const renamed = {
  'package.new.json': 'package.json',
  'tsconfig.new.json': 'tsconfig.json',
  gitignore: '.gitignore',
}
/** Where the name of the game and the way to Waystone stand. */
const filled = ['package.json', 'page.ts', 'README.md', '.github/workflows/ci.yml']

/** Makes the folder. Returns what to say. Throws StartError: it exists, or its name is no name for npm. */
export function newGame(given: string): string {
  const folder = path.resolve(given)
  const name = path.basename(folder)
  checkName(name)
  checkPlace(folder)
  mkdirSync(folder, { recursive: true })
  cpSync(template, folder, { recursive: true })
  for (const [from, to] of Object.entries(renamed)) {
    renameSync(path.join(folder, from), path.join(folder, to))
  }
  const toCore = path.relative(folder, core).replaceAll(path.sep, '/')
  for (const file of filled) {
    const text = readFileSync(path.join(folder, file), 'utf8')
    const own = text.replaceAll('game-name', name).replaceAll('path-to-waystone', toCore)
    writeFileSync(path.join(folder, file), own)
  }
  return `${folder} is a game that runs.\n\n  cd ${given}\n  npm install\n  npm run dev\n`
}

/** As npm takes names for packages. */
function checkName(name: string): void {
  const reserved = ['waystone', 'node_modules', 'favicon.ico', ...builtinModules]
  if (/^[a-z0-9][a-z0-9._-]{0,213}$/.test(name) && !reserved.includes(name)) return
  throw new StartError(
    `npm takes no package named ${JSON.stringify(name)}: choose a folder whose name has small letters, ` +
      'digits, -, . and _ alone, and is not the name of another package.',
  )
}

function checkPlace(folder: string): void {
  const inCore = path.relative(core, folder)
  if (!inCore.startsWith('..') && !path.isAbsolute(inCore)) {
    throw new StartError(`${folder} lies in Waystone itself: choose one beside it.`)
  }
  if (!existsSync(folder)) return
  if (!statSync(folder).isDirectory()) throw new StartError(`${folder} is a file.`)
  if (readdirSync(folder).length > 0) {
    throw new StartError(`${folder} exists and is not empty: choose another.`)
  }
}
