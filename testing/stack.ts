// The whole of Waystone on this machine, as `npm start` starts it: processes of their own, in a folder of their
// own, on free ports. It ends with the process of the test, however that ends.
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openRunningHosts, recordOf } from '#local/fleet/running-hosts.ts'
import { environmentOfOthers } from '#local/host-environment.ts'
import { signal } from '#local/process-identity.ts'
import { readRunFile } from '#local/run-file.ts'
import { createDynamoStore } from '#shared/store/dynamo.ts'
import { localOptions } from '#shared/store/options.ts'
import type { Store } from '#shared/store/store.ts'

export type Stack = {
  /** Base URL of the API. */
  readonly url: string
  readonly realmId: string
  readonly store: Store
  /** What the start has printed so far. */
  output(): string
  /** Hosts that start from now on run the game of another folder. */
  useGame(folder: string): void
  /** The names of the zone hosts that run. */
  hosts(zone: string): string[]
  /** Sends a signal to all hosts of a zone. Throws when there are none. */
  signalHosts(zone: string, name: 'SIGKILL' | 'SIGTERM'): void
  /** The lines that a host has logged, or all hosts, those that have ended too. */
  logged(host?: string): string[]
  /** Saves and ends everything. */
  stop(): Promise<void>
}

const start = fileURLToPath(new URL('../local/start.ts', import.meta.url))
/** Hang guards, of the machine's time. */
const readyWithinMs = 90_000
const stopWithinMs = 20_000

/** `dir` is empty, and the caller's to remove. Fails with all output when the world does not come up. */
export async function startStack(options: {
  dir: string
  /** Of the game. */
  folder: string
  contentDir: string
  seed: number
  speed: number
}): Promise<Stack> {
  const { dir, folder, contentDir, seed, speed } = options
  const dataDir = join(dir, 'data')
  // A link: it may name another version of the game later. Node loads what it names, so packages are found.
  const game = join(dir, 'game')
  const useGame = (named: string) => {
    const next = join(dir, 'next')
    symlinkSync(named, next, 'junction')
    if (process.platform === 'win32') rmSync(game, { force: true })
    renameSync(next, game)
  }
  useGame(folder)
  const child = spawn(process.execPath, [start], {
    // There is no .env in it.
    cwd: dir,
    // The start ends when the channel closes.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...environmentOfOthers(process.env),
      PORT: '0',
      WAYSTONE_GAME: game,
      WAYSTONE_CONTENT: contentDir,
      WAYSTONE_DATA: dataDir,
      WAYSTONE_BOTS: '0',
      WAYSTONE_DEV: 'content',
      WAYSTONE_SEED: String(seed),
      WAYSTONE_SPEED: String(speed),
      WAYSTONE_QUIET_START: '1',
    },
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGINT')
    // The guardian of the start ends what is left.
    const cut = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
    await ended
    clearTimeout(cut)
  }
  try {
    const url = await ready(child.stdout!, ended, () => output)
    const run = readRunFile(dataDir)!
    const store = createDynamoStore(localOptions(run.database, run.tablePrefix))
    const running = (zone: string) => {
      // The name of a host is that of its zone, and six signs.
      const hosts = openRunningHosts(recordOf(dataDir)).all()
      return hosts.filter(({ name }) => name.slice(0, -6) === zone.replaceAll('_', '-'))
    }
    const logs = join(dataDir, 'logs')
    return {
      url,
      realmId: run.realmId,
      store,
      output: () => output,
      useGame,
      hosts: (zone) => running(zone).map(({ name }) => name),
      signalHosts(zone, name) {
        const sent = running(zone).filter(({ process }) => signal(process, name))
        if (sent.length === 0) throw new Error(`no host of the zone ${zone} runs`)
      },
      logged: (host) =>
        readdirSync(logs)
          .filter((file) => file !== 'start.log' && (host === undefined || file === `${host}.log`))
          .flatMap((file) => readFileSync(join(logs, file), 'utf8').split('\n').slice(0, -1)),
      async stop() {
        store.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The address, once everything is healthy. */
async function ready(
  stdout: NodeJS.ReadableStream,
  ended: Promise<void>,
  output: () => string,
): Promise<string> {
  const said = new Promise<string>((resolve) => {
    stdout.on('data', () => {
      const line = output().match(/^\{"ready":true.*\}$/m)
      if (line !== null) resolve((JSON.parse(line[0]) as { url: string }).url)
    })
  })
  let cut: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (cut = setTimeout(resolve, readyWithinMs)))
  const url = await Promise.race([said, ended, late])
  clearTimeout(cut)
  const healthy = url !== undefined && (await fetch(`${url}/health`)).ok
  if (!healthy) throw new Error(`the world did not come up:\n${output()}`)
  return url
}
