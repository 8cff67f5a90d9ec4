// A launch: `npm run bench:arrival -- --count 450 --rate 100`. Starts what `npm start` starts, in an empty data
// folder, lets guests arrive, and prints how long they took to join, how often those inside were corrected,
// and what each part used of the processor until all were in. Bots and servers share the machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Report } from '#client/bots/report.ts'
import { makeDataDir, startWaystone } from '../e2e/waystone.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '450' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '30' },
    /** Folder for processor profiles of the functions and the zone hosts. */
    profile: { type: 'string' },
  },
})
const bots = fileURLToPath(new URL('../../client/bots/main.ts', import.meta.url))
/** Linux counts in hundredths of a second. */
const ticksPerSecond = 100

type Used = Map<number, { name: string; seconds: number }>

/** Processor time of processes, from /proc. */
function usedBy(pids: number[]): Used {
  const used: Used = new Map()
  for (const pid of pids) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
      const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')
      const program = words.find((word) => word.endsWith('.ts')) ?? words[0]!
      const name = program.split('/').slice(-2).join('/')
      used.set(pid, { name, seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond })
    } catch {
      // It ended.
    }
  }
  return used
}

/** Seconds by program, between two measurements. */
function spent(before: Used, after: Used): [string, number][] {
  const sums = new Map<string, number>()
  for (const [pid, { name, seconds }] of after) {
    const more = seconds - (before.get(pid)?.seconds ?? 0)
    sums.set(name, (sums.get(name) ?? 0) + more)
  }
  return [...sums].toSorted((a, b) => b[1] - a[1]).filter(([, seconds]) => seconds >= 0.05)
}

const { dataDir, remove } = await makeDataDir()
const options = values.profile && `--cpu-prof --cpu-prof-dir=${values.profile}`
const waystone = await startWaystone({ dataDir, env: options ? { NODE_OPTIONS: options } : {} })
const load = loadavg()[0]!
try {
  const args = [bots, '--url', waystone.url, '--count', values.count, '--rate', values.rate]
  const players = spawn(process.execPath, [...args, '--seconds', values.seconds, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const measure = () => usedBy([...waystone.pids(), players.pid!])
  const from = measure()
  const began = performance.now()
  let allIn: { used: Used; seconds: number } | undefined
  let atEnd = from
  let last: Report | undefined
  const lines: string[] = []
  for await (const line of createInterface({ input: players.stdout })) {
    last = JSON.parse(line) as Report
    atEnd = measure()
    const { seconds, inWorld, correctionsPerMinute, arrivedMs, joinMs } = last
    const ms = (times: { p50: number; p99: number }) =>
      `${times.p50.toFixed(0)} / ${times.p99.toFixed(0)} ms`
    lines.push(
      `${seconds.toFixed(0)} s: ${inWorld} in the world, in play ${ms(arrivedMs)} after their first request, ` +
        `joined after ${ms(joinMs)}, ${correctionsPerMinute.toFixed(1)} corrections a minute`,
    )
    if (allIn === undefined && arrivedMs.count >= Number(values.count)) {
      allIn = { used: atEnd, seconds: (performance.now() - began) / 1000 }
    }
  }
  if (players.exitCode === null) await once(players, 'exit')
  console.log(
    `${values.count} guests at ${values.rate} a second on ${cpus().length} cores; load average ` +
      `${load.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after`,
  )
  console.log(lines.join('\n'))
  console.log(`errors: ${JSON.stringify(last?.errors)}, reconnects: ${last?.reconnects}`)
  const { used, seconds } = allIn ?? { used: atEnd, seconds: Number(values.seconds) }
  console.log(`processor seconds of the first ${seconds.toFixed(0)} s:`)
  for (const [name, each] of spent(from, used)) console.log(`  ${name}: ${each.toFixed(1)}`)
} finally {
  await waystone.stop('SIGINT')
  await remove()
}
