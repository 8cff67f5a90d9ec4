// `npm run dev`: `npm start`, started again when the core's own code changes (functions, shared, local, waystone).
// Changes that need no new start are taken over by the start itself (dev-reload.ts).
//
// The start runs in a process group of its own, so that Ctrl-C reaches it once, from here. A second
// Ctrl-C would end it without saving.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gameFolder } from '#shared/game/folder.ts'
import { systemRuntime } from '#shared/system.ts'
import { isGameCode } from './dev-game.ts'
import { takeNoArguments } from './start-arguments.ts'
import { watchCode } from './watch-code.ts'

const top = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const print = (line: string) => process.stderr.write(`${line}\n`)

takeNoArguments('npm run dev')

const game = gameFolder(process.env)
let child: ChildProcess | undefined
let ended: Promise<void> = Promise.resolve()
let stopping = false

function start(): void {
  const one = spawn(process.execPath, [...process.execArgv, top('local/start.ts')], {
    // Nothing is sent on the channel. It breaks when this process is killed: then the start saves and ends.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, WAYSTONE_DEV: '1' },
    detached: true,
  })
  child = one
  ended = new Promise((resolve) => {
    one.once('exit', (code) => {
      if (child === one) child = undefined
      if (!stopping && code !== 0) print('It ended. It is started again when a file changes.')
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
// A start that runs takes the game's code over itself (dev-game.ts).
const closeGameWatch = watchCode(
  existsSync(game) ? [game] : [],
  isGameCode,
  systemRuntime,
  async (files) => {
    if (child === undefined) await startAnew(files)
  },
)

async function startAnew(files: string[]): Promise<void> {
  if (stopping) return
  print(`changed: ${files.map((file) => relative(top(''), file)).join(', ')}; starting anew`)
  child?.kill('SIGTERM')
  await ended
  if (!stopping) start()
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
  // A second signal is sent on as well: it forces the end.
  child?.kill(signal)
}

start()
