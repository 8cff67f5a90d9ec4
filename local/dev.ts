// `npm run dev`: `npm start`, started again when the core's own code changes (functions, shared, local, waystone),
// and when .env does. Changes that need no new start are taken over by the start itself (dev-reload.ts).
//
// The start runs in a process group of its own, so that Ctrl-C reaches it once, from here. A second
// Ctrl-C would end it without saving.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gameFolder } from '#shared/game/folder.ts'
import { systemRuntime } from '#shared/system.ts'
import { isGameCode } from './dev-game.ts'
import { withEnvFile } from './env-file.ts'
import { StartError } from './start-error.ts'
import { takeNoArguments } from './start-arguments.ts'
import { watchCode } from './watch-code.ts'

const top = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const print = (line: string) => process.stderr.write(`${line}\n`)

takeNoArguments('npm run dev')

let child: ChildProcess | undefined
let ended: Promise<void> = Promise.resolve()
let stopping = false
let closeGameWatch = () => {}

function start(): void {
  closeGameWatch()
  closeGameWatch = watchGameWhileEnded()
  const one = spawn(process.execPath, [...process.execArgv, top('local/start.ts')], {
    // Nothing is sent on the channel. It breaks when this process is killed: then the start saves and ends.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, WAYSTONE_DEV: '1' },
    detached: true,
  })
  child = one
  ended = new Promise((resolve) => {
    one.once('exit', (code) => {
      // It has ended by itself.
      if (child === one) {
        child = undefined
        if (!stopping && code !== 0) {
          print('It ended. It is started again when .env or a file changes.')
        }
      }
      if (stopping) process.exitCode = code ?? 1
      resolve()
    })
  })
}

const closeWatch = watchCode(
  ['functions/', 'shared/', 'local/', 'waystone/'].map(top),
  (file) => file.endsWith('.ts'),
  systemRuntime,
  startAnew,
)
const closeEnvWatch = watchCode(
  [process.cwd()],
  (file) => file === '.env',
  systemRuntime,
  startAnew,
)

/** A start that runs takes code and content of the game over itself (dev-reload.ts). */
function watchGameWhileEnded(): () => void {
  const game = gameNow()
  if (game === undefined || !existsSync(game)) return () => {}
  const counts = (file: string) => isGameCode(file) || /^content[/\\]/.test(file)
  return watchCode([game], counts, systemRuntime, async (files) => {
    if (child === undefined) await startAnew(files)
  })
}

/** The folder of the game; undefined when .env cannot be read, which the start says. */
function gameNow(): string | undefined {
  try {
    return gameFolder(withEnvFile(process.env, resolve('.env')))
  } catch (error) {
    if (error instanceof StartError) return undefined
    throw error
  }
}

/** Another version of everything has many. */
const shownMax = 5
let turn = Promise.resolve()

/** One after the other: a second signal would end what saves. */
async function startAnew(files: string[]): Promise<void> {
  turn = turn.then(async () => {
    if (stopping) return
    const more = files.length > shownMax ? ` and ${files.length - shownMax} more` : ''
    print(`changed: ${files.slice(0, shownMax).map(shown).join(', ')}${more}; starting anew`)
    const before = child
    child = undefined
    before?.kill('SIGTERM')
    await ended
    if (!stopping) start()
  })
  await turn
}

function shown(file: string): string {
  return relative(file.startsWith(top('')) ? top('') : process.cwd(), file)
}

if (process.channel) {
  process.on('disconnect', () => end('SIGTERM'))
  process.channel.unref()
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => end(name))
}

function end(signal: NodeJS.Signals): void {
  stopping = true
  closeWatch()
  closeGameWatch()
  closeEnvWatch()
  // A second signal is sent on as well: it forces the end.
  child?.kill(signal)
}

start()
