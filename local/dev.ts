// `npm run dev`: `npm start`, started again when its own code changes (functions, shared, local, game).
// Changes that need no new start are taken over by the start itself (dev-reload.ts).
//
// The start runs in a process group of its own, so that Ctrl-C reaches it once, from here. A second
// Ctrl-C would end it without saving.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { systemRuntime } from '#shared/system.ts'
import { takeNoArguments } from './start-arguments.ts'
import { watchCode } from './watch-code.ts'

const top = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const print = (line: string) => process.stderr.write(`${line}\n`)

takeNoArguments('npm run dev')

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
  ['functions/', 'shared/', 'local/', 'game/'].map(top),
  (file) => file.endsWith('.ts'),
  systemRuntime,
  async (files) => {
    if (stopping) return
    print(`changed: ${files.map((file) => file.slice(top('').length)).join(', ')}; starting anew`)
    child?.kill('SIGTERM')
    await ended
    if (!stopping) start()
  },
)

if (process.channel) process.on('disconnect', () => end('SIGTERM'))
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => end(name))
}

function end(signal: NodeJS.Signals): void {
  stopping = true
  closeWatch()
  // A second signal is sent on as well: it forces the end.
  child?.kill(signal)
}

start()
