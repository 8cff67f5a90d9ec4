// The memory of zone hosts under players, each minute: the proof that nothing grows.
//
//   node test/bench/memory.ts --minutes 40 --bots 150 --drops 120
//
// Starts everything as `npm start` does, and bots that walk, talk, pass gates and lose their sockets. Each
// minute it collects every host's garbage over the inspector and prints its live ArrayBuffers and heap, and
// the ticks that it ran and missed. Resident size is no measure: the allocator keeps what was freed.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { freePort } from '../e2e/waystone.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '40' },
    bots: { type: 'string', default: '150' },
    drops: { type: 'string', default: '120' },
  },
})
const top = join(import.meta.dirname, '../..')
const dataDir = mkdtempSync(join(tmpdir(), 'waystone-memory-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const children: ChildProcess[] = []

function run(args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: top,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  children.push(child)
  return child
}

type Measured = { arrayBuffers: number; heapUsed: number }

/** Asks a process over its inspector. */
async function measure(inspector: string): Promise<Measured> {
  const socket = new WebSocket(inspector)
  let asked = 0
  const ask = (method: string, params = {}) =>
    new Promise<{ result?: { value?: unknown } }>((resolve) => {
      const id = ++asked
      socket.on('message', (data: Buffer) => {
        const answer = JSON.parse(data.toString()) as { id?: number; result: object }
        if (answer.id === id) resolve(answer.result)
      })
      socket.send(JSON.stringify({ id, method, params }))
    })
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  // Twice: the second run collects what finalizers have freed.
  for (let i = 0; i < 2; i++) await ask('HeapProfiler.collectGarbage')
  const expression = 'JSON.stringify(process.memoryUsage())'
  const { result } = await ask('Runtime.evaluate', { expression })
  socket.close()
  return JSON.parse(result!.value as string) as Measured
}

type Stats = { ticks: { count: number; skipped: number }; instances: { players: number }[] }

/** What the log of a host says: where its inspector is, and its latest figures. */
function readLog(file: string): { inspector: string | undefined; stats: Stats | undefined } {
  const text = readFileSync(join(dataDir, 'logs', file), 'utf8')
  const line = text.split('\n').findLast((one) => one.includes('"stats"'))
  return {
    inspector: /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(text)?.[0],
    stats: line === undefined ? undefined : (JSON.parse(line) as Stats),
  }
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(2).padStart(7)

async function printHosts(minute: number): Promise<void> {
  for (const file of readdirSync(join(dataDir, 'logs'))) {
    const { inspector, stats } = readLog(file)
    if (inspector === undefined || stats === undefined) continue
    const { arrayBuffers, heapUsed } = await measure(inspector)
    const players = stats.instances.reduce((sum, one) => sum + one.players, 0)
    const { count, skipped } = stats.ticks
    console.log(
      `${String(minute).padStart(3)} min  ${file.padEnd(28)} ${String(players).padStart(4)} players ` +
        `${mib(arrayBuffers)} MiB in ArrayBuffers ${mib(heapUsed)} MiB heap ` +
        `${count} ticks, ${skipped} missed (${((100 * skipped) / Math.max(1, count)).toFixed(4)} %)`,
    )
  }
}

async function untilUp(): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    if ((await fetch(`${url}/health`).catch(() => undefined))?.ok) return
    await pause(500)
  }
  throw new Error('nothing answers after a minute')
}

try {
  run(['local/start.ts'], {
    PORT: String(port),
    WAYSTONE_DATA: dataDir,
    WAYSTONE_BOTS: '0',
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  })
  await untilUp()
  run(['client/bots/main.ts', '--count', values.bots, '--drops', values.drops, '--url', url], {})
  for (let minute = 1; minute <= Number(values.minutes); minute++) {
    await pause(60_000)
    await printHosts(minute)
  }
} finally {
  for (const child of children.reverse()) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  rmSync(dataDir, { recursive: true, force: true })
}
