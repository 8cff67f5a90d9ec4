// What `npm start` runs (start.ts).
import { resolve } from 'node:path'
import { ConfigError, readConfig } from '#shared/config.ts'
import { ContentError } from '#shared/content-files/load.ts'
import { gameFolder } from '#shared/game/folder.ts'
import { GameError } from '#shared/game/load.ts'
import { KeyFileError } from '#shared/keys/master.ts'
import { KeyRingError } from '#shared/keys/ring.ts'
import { systemAt } from '#shared/system.ts'
import { addressLine, banner } from './banner.ts'
import type { Running } from './bring-up.ts'
import { EmbeddedDynamoError } from './database-file.ts'
import { withEnvFile } from './env-file.ts'
import { takeNoArguments } from './start-arguments.ts'
import { StartError } from './start-error.ts'

/** The addresses are printed after this time, even without all zone hosts, ms. */
const healthyWithinMs = 20_000

/** The messages of these are for the reader. Anything else is a defect and is printed with its stack. */
const expected = [
  StartError,
  ConfigError,
  ContentError,
  GameError,
  KeyFileError,
  KeyRingError,
  EmbeddedDynamoError,
]

takeNoArguments('npm start')

let running: Running | undefined
let killAll = () => {}
let stopping = false
const print = (line: string) => process.stderr.write(`${line}\n`)

// A closed terminal must not stop the saving.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => void stop(0))
// Only `npm run dev` opens a channel. Without that parent no process would restart or end this one.
if (process.channel) process.on('disconnect', () => void stop(0))
process.on('uncaughtException', (error) => {
  print(`Something went wrong here, stopping: ${error.stack}`)
  void stop(1)
})

async function stop(code: number): Promise<void> {
  if (stopping || running === undefined) {
    // This is the second request, or there is nothing to save yet.
    killAll()
    process.exit(1)
  }
  stopping = true
  print('\nSaving and stopping; Ctrl-C again to force.')
  await running.stop()
  process.exit(code)
}

try {
  const env = withEnvFile(process.env, resolve('.env'))
  // Fifty bots log in from one address: the local profile is generous by default.
  const config = readConfig(env, { WAYSTONE_LIMITS: 'generous' }, true)
  const quiet = config.WAYSTONE_QUIET_START
  if (!quiet) console.log('Waystone is starting…')
  // Before anything imports `#game`. A game that does not load is then said below.
  process.env['WAYSTONE_GAME'] = gameFolder(env)
  if (config.WAYSTONE_CONTENT) process.env['WAYSTONE_CONTENT'] = resolve(config.WAYSTONE_CONTENT)
  const { bringUp } = await import('./bring-up.ts')
  running = await bringUp({
    config,
    env,
    runtime: systemAt(config.WAYSTONE_SPEED).runtime,
    onKill: (kill) => (killAll = kill),
    print,
  })
  const healthy = await running.healthy(healthyWithinMs * config.WAYSTONE_SPEED)
  if (!stopping) {
    const addresses = await running.addresses()
    console.log(quiet ? addressLine(addresses) : banner(addresses))
    if (!healthy)
      print(`Not everything is up yet; see ${addresses.health} and ${addresses.dataDir}/logs.`)
  }
} catch (error) {
  if (!stopping) {
    print(
      expected.some((kind) => error instanceof kind) ? (error as Error).message : describe(error),
    )
    killAll()
    process.exit(1)
  }
}

function describe(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `The start failed for a reason that is not foreseen: ${text}`
}
