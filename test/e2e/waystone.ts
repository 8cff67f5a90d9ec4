// Starts the whole of Waystone as `npm start` does, in a data folder of its own, and ends it again.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'
import { startRedis } from '#local/redis/server.ts'
import type { RedisServer } from '#local/redis/server.ts'
import { systemRuntime } from '#shared/system.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export type Waystone = {
  /** Base URL of page and API. */
  url: string
  port: number
  dataDir: string
  child: ChildProcess
  /** All output so far. */
  output: () => string
  /** Sends the signal to the start process and waits for its end. Returns how long it took, ms. */
  stop: (signal?: 'SIGINT' | 'SIGTERM') => Promise<{ code: number | null; ms: number }>
  /** kill -9 of every process at once, the guardian included. */
  killAll: () => Promise<void>
  /** The start process and all its descendants. */
  pids: () => number[]
}

/**
 * Below those that systems give to connections and to servers on port 0: between here and its use, one of these
 * is easily taken by another test.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000)
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}

export async function makeDataDir(): Promise<{ dataDir: string; remove: () => Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'waystone-'))
  return { dataDir, remove: async () => await rm(dataDir, { recursive: true, force: true }) }
}

/** Every process below one, itself first. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  for (const line of table.trim().split('\n')) {
    const [child, parent] = line.trim().split(/\s+/).map(Number)
    children.set(parent!, [...(children.get(parent!) ?? []), child!])
  }
  const found: number[] = []
  const visit = (one: number): void => {
    found.push(one)
    for (const child of children.get(one) ?? []) visit(child)
  }
  visit(pid)
  return found
}

/** The processes that still run, without zombies. */
export function stillRunning(pids: number[]): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,state='], { encoding: 'utf8' })
  const running = new Set<number>()
  for (const line of table.trim().split('\n')) {
    const [pid, state] = line.trim().split(/\s+/)
    if (!state!.startsWith('Z')) running.add(Number(pid))
  }
  return pids.filter((pid) => running.has(pid))
}

/** Starts and waits until `/health` is good. Fails with the output when that takes over 30 s. */
export async function startWaystone(options: {
  dataDir: string
  /** Default: a free one. */
  port?: number
  env?: Record<string, string>
  /** The tree and the program in it: `npm start` of this one by default. */
  root?: string
  program?: string
  args?: string[]
}): Promise<Waystone> {
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    process.execPath,
    [options.program ?? 'local/start.ts', ...(options.args ?? [])],
    {
      cwd: options.root ?? root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: String(port),
        WAYSTONE_DATA: options.dataDir,
        WAYSTONE_BOTS: '0',
        ...options.env,
      },
    },
  )
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))

  const waystone: Waystone = {
    url,
    port,
    dataDir: options.dataDir,
    child,
    output: () => output,
    pids: () => descendants(child.pid!),
    async stop(signal = 'SIGINT') {
      const from = performance.now()
      child.kill(signal)
      const code = await ended
      return { code, ms: performance.now() - from }
    },
    async killAll() {
      for (const pid of descendants(child.pid!)) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It ended while we looked.
        }
      }
      await ended
    },
  }

  const timeoutAt = performance.now() + 30_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended at once (${child.exitCode}):\n${output}`)
    const health = await fetch(`${url}/health`).catch(() => undefined)
    if (health?.ok) return waystone
    if (performance.now() > timeoutAt) {
      await waystone.killAll()
      throw new Error(`not healthy within 30 s:\n${output}`)
    }
    await wait(100)
  }
}

/** The same with a Redis that the test can stop. */
export async function startBesideRedis(
  dataDir: string,
  more: Record<string, string> = {},
): Promise<{ waystone: Waystone; redis: RedisServer }> {
  const token = 'a token for this test'
  const redis = await startRedis({ host: '127.0.0.1', port: 0, token, runtime: systemRuntime })
  const env = { UPSTASH_REDIS_REST_URL: redis.url, UPSTASH_REDIS_REST_TOKEN: token, ...more }
  return { waystone: await startWaystone({ dataDir, env }), redis }
}
